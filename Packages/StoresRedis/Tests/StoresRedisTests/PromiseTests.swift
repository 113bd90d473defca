import Foundation
import StoresCore
import StoresRedis
import Testing

/// What is said of a call that failed, of a subscriber that came late, and of a user with few rights.
@Suite(.serialized, .needsServer)
struct PromiseTests {
    private let patient = StoresOptions(timeout: .seconds(20), retry: .none, breakerThreshold: 1_000_000)

    @Test("A call that is told not to have been applied was not, whenever it was cancelled", arguments: TestServer.all)
    func applied(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            // Large values fill the socket, so that increments wait in the buffer when they are given up.
            let large = SessionValue(String(repeating: "v", count: 1 << 20))
            let sums = try await withThrowingTaskGroup(of: (Int64, Int64).self, returning: (Int64, Int64).self) {
                group in
                for number in 0..<64 {
                    group.addTask {
                        var (least, most): (Int64, Int64) = (0, 0)
                        for round in 0..<20 {
                            if number % 8 == 0 { try await stores.session.set("big/\(number)", large, expiry: .never) }
                            let work = Task { try await stores.session.increment("n", expiry: .never) }
                            if round % 2 == 0 {
                                for _ in 0..<Int.random(in: 0..<3) { await Task.yield() }
                                work.cancel()
                            }
                            do {
                                _ = try await work.value
                                least += 1
                                most += 1
                            } catch let error as StoreError {
                                #expect(error.code == .cancelled && error.applied != nil)
                                if error.applied != .no { most += 1 }
                            }
                        }
                        return (least, most)
                    }
                }
                return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
            }
            let count = try await stores.session.increment("n", by: 0, expiry: .keep)
            #expect((sums.0...sums.1).contains(count), "\(count) is not within \(sums)")
        }
    }

    @Test("Positions do not fall back when the server has lost its counter", arguments: TestServer.all)
    func positions(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(prefix: prefix) { stores in
            let first = try await stores.event.append([NewEvent(id: "a", type: "t")], to: "s", expected: .any)
            _ = try await stores.event.withNative(RedisCommands.self) {
                try await $0.send("DEL", "\(prefix){\(prefix)events}:g", "\(prefix){\(prefix)events}:i")
            }
            // A reader from before learns of it, and is not told that there is nothing.
            let lost = await #expect(throws: StoreError.self) {
                _ = try await stores.event.readAll(after: first.position)
            }
            #expect(lost?.code == .notFound)
            let second = try await stores.event.append([NewEvent(id: "b", type: "t")], to: "s2", expected: .any)
            #expect(second.position > first.position)
            #expect(try await stores.event.readAll(after: first.position).events.map(\.event.id) == ["b"])
        }
    }

    @Test(
        "A lease whose key was evicted does not begin again with a generation that somebody holds",
        arguments: TestServer.all)
    func leases(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(prefix: prefix) { stores in
            let first = try #require(try await stores.session.acquireLease("job", ttl: .seconds(60)))
            _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("DEL", "\(prefix)l:{job}") }
            let second = try #require(try await stores.session.acquireLease("job", ttl: .seconds(60)))
            #expect(second.generation > first.generation)
            let error = await #expect(throws: StoreError.self) {
                try await stores.session.set(
                    "x", SessionValue("1"), expiry: .never,
                    leaseGuard: LeaseGuard(key: "job", generation: first.generation))
            }
            #expect(error?.code == .preconditionFailed)
        }
    }

    @Test("Who was at the end of an empty store is told when events are dropped (E11)", arguments: TestServer.all)
    func retention(_ server: TestServer) async throws {
        try await server.withStores(settings: ["EVENT_RETENTION": "4"]) { stores in
            let place = try await stores.event.readAll().next
            for batch in 0..<3 {
                let events = (0..<3).map { NewEvent(id: "\(batch)-\($0)", type: "t") }
                try await stores.event.append(events, to: "s\(batch)", expected: .any)
            }
            #expect(try await stores.event.readAll().events.map(\.event.id) == ["1-2", "2-0", "2-1", "2-2"])
            let error = await #expect(throws: StoreError.self) { _ = try await stores.event.readAll(after: place) }
            #expect(error?.code == .notFound)
            try await stores.event.append((0..<6).map { NewEvent(id: "x\($0)", type: "t") }, to: "s", expected: .any)
            #expect(try await stores.event.readAll().events.map(\.event.id) == ["x2", "x3", "x4", "x5"])
        }
    }

    @Test("Subscribers that wait end when the stores are shut down", arguments: TestServer.all)
    func shutdown(_ server: TestServer) async throws {
        for _ in 0..<10 {
            let ended = try await withThrowingTaskGroup(of: Bool.self, returning: Int.self) { group in
                try await server.withStores { stores in
                    let started = AsyncStream<Void>.makeStream()
                    for _ in 0..<8 {
                        group.addTask {
                            do {
                                for try await element in try stores.event.subscribe(from: .start) {
                                    if case .caughtUp = element { started.continuation.yield() }
                                }
                                return true
                            } catch {
                                return true
                            }
                        }
                    }
                    var iterator = started.stream.makeAsyncIterator()
                    for _ in 0..<8 { await iterator.next() }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(ended == 8)
        }
    }

    @Test(
        "A batch after the scripts were forgotten is done in full, counters and lists apart", arguments: TestServer.all)
    func batches(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            try await stores.session.increment("counter", by: 3, expiry: .never)
            try await stores.session.append([Array("x".utf8)], to: "list", keepLast: 3, expiry: .never)
            _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("SCRIPT", "FLUSH") }
            var writes = (0..<50).map {
                SessionWrite(
                    key: "k\($0)", value: SessionValue("\($0)"), expiry: .never,
                    condition: $0 % 2 == 0 ? .ifAbsent : .none)
            }
            writes.append(SessionWrite(key: "list", value: SessionValue("x"), expiry: .never))
            let result = try await stores.session.set(writes)
            #expect(result.succeeded.count == 50 && result.failed.map(\.id) == ["list"])
            let entries = try await stores.session.get(["k1", "counter", "none", "k2"])
            #expect(entries.map { $0?.value.text } == ["1", "3", nil, "2"])
        }
    }

    @Test("The rights that the documentation names are enough", arguments: TestServer.all)
    func rights(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        let documentation = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../../Docs/redis.md")
        let text = try String(contentsOf: documentation, encoding: .utf8)
        let rule = try #require(text.firstMatch(of: /ACL SETUSER app on >secret (~stores:\* [^`\n]+)/)?.1)
        let words = rule.split(separator: " ").map { $0 == "~stores:*" ? "~\(prefix)*" : String($0) }
        try await server.withStores { stores in
            let user = "user-\(UUID().uuidString.prefix(8))"
            _ = try await stores.session.withNative(RedisCommands.self) {
                try await $0.send((["ACL", "SETUSER", user, "on", ">secret"] + words).map { Array($0.utf8) })
            }
            try await server.withStores(url: "redis://\(user):secret@127.0.0.1:\(server.port)/0", prefix: prefix) {
                own in
                try await own.session.set("a", SessionValue("1"), expiry: .after(.seconds(60)))
                try await own.session.set("b", SessionValue("1"), expiry: .never, condition: .ifAbsent)
                try await own.session.increment("n", expiry: .after(.seconds(60)))
                try await own.session.append([[1]], to: "l", keepLast: 1, expiry: .keep)
                _ = try await own.session.acquireLease("lease", ttl: .seconds(1))
                #expect(try await own.session.scan().items.count == 4)
                #expect(try await own.session.delete(prefix: "a") == 1)
                try await own.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .noStream)
                try await own.event.saveRun("r", status: "running", state: [], ifVersion: nil)
                var iterator = try own.event.subscribe(from: .start).makeAsyncIterator()
                #expect(try await iterator.next() != nil)
                try await own.event.deleteStream("s", confirming: "s")
                let refused = await #expect(throws: StoreError.self) {
                    _ = try await own.session.withNative(RedisCommands.self) { try await $0.send("FLUSHALL") }
                }
                #expect(refused?.code == .permissionDenied)
            }
            _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("ACL", "DELUSER", user) }
        }
    }
}
