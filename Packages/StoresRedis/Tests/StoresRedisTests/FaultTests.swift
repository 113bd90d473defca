import Foundation
import StoresCore
import StoresRedis
import Testing

/// What happens when the server, or the way to it, fails in the middle. They disturb the server for everybody.
@Suite(.serialized, .needsServer)
struct FaultTests {
    private let patient = StoresOptions(timeout: .seconds(20), retry: .none, breakerThreshold: 1_000_000)

    private func value(_ number: Int, _ round: Int) -> SessionValue { SessionValue("key-\(number) round-\(round)") }

    /// Every task writes and reads keys of its own; a reply that went to somebody else shows itself by its content.
    private func load(
        _ stores: Stores, tasks: Int, rounds: Int, cancelling: Bool = false, givingUpAfter most: Int = .max,
        allowing codes: Set<StoreError.Code>
    ) async throws -> (succeeded: Int, failed: Int) {
        try await withThrowingTaskGroup(of: (Int, Int).self, returning: (succeeded: Int, failed: Int).self) { group in
            for number in 0..<tasks {
                group.addTask {
                    var (succeeded, failed) = (0, 0)
                    for round in 0..<rounds {
                        let work = Task {
                            let key = "load/\(number)"
                            if round % 3 == 0 {
                                try await stores.session.set(key, value(number, round), expiry: .never)
                            }
                            let entries = try await stores.session.get([key, "load/\(number)/none", key])
                            for entry in [entries[0], entries[2]] {
                                guard let text = entry?.value.text else { continue }
                                #expect(text.hasPrefix("key-\(number) "), "a reply for another key")
                            }
                            #expect(entries[1] == nil, "a reply for another key")
                            #expect(entries.count == 3)
                            if let text = try await stores.session.get(key)?.value.text {
                                #expect(text.hasPrefix("key-\(number) "), "a reply for another key")
                            }
                            let count = try await stores.session.append(
                                [Array("x".utf8)], to: "list/\(number)", keepLast: 3, expiry: .never)
                            #expect((1...3).contains(count))
                        }
                        if cancelling {
                            for _ in 0..<Int.random(in: 0..<4) { await Task.yield() }
                            work.cancel()
                        }
                        do {
                            try await work.value
                            succeeded += 1
                        } catch let error as StoreError {
                            #expect(codes.contains(error.code), "\(String(reflecting: error))")
                            failed += 1
                            // Each waits for the next attempt to connect, so that not all need be made.
                            if failed == most { break }
                        }
                    }
                    return (succeeded, failed)
                }
            }
            return try await group.reduce(into: (0, 0)) { sums, counts in
                sums.0 += counts.0
                sums.1 += counts.1
            }
        }
    }

    @Test("Random cancellations under load shift no reply", arguments: TestServer.all)
    func cancellations(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            let (succeeded, failed) = try await load(
                stores, tasks: 128, rounds: 40, cancelling: true, allowing: [.cancelled])
            #expect(failed > 100, "hardly anything was cancelled: \(succeeded) and \(failed)")
            let calm = try await load(stores, tasks: 64, rounds: 20, allowing: [])
            #expect(calm.failed == 0 && calm.succeeded == 64 * 20)
        }
    }

    @Test(
        "CLIENT KILL under load: errors are retryable, no reply is shifted, and it goes on", arguments: TestServer.all)
    func clientKill(_ server: TestServer) async throws {
        try await server.withStores { bystander in
            try await server.withStores(options: patient) { stores in
                async let running = load(stores, tasks: 64, rounds: 60, allowing: [.unavailable])
                for _ in 0..<15 {
                    _ = try? await bystander.session.withNative(RedisCommands.self) {
                        try await $0.send("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                    }
                    await Task.yield()
                }
                let (succeeded, _) = try await running
                #expect(succeeded > 64)
                let calm = try await load(stores, tasks: 16, rounds: 5, allowing: [])
                #expect(calm.failed == 0)
            }
        }
    }

    @Test("CLIENT PAUSE: a call ends at its deadline, and the late reply reaches nobody", arguments: TestServer.all)
    func clientPause(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            try await stores.session.set("b", SessionValue("2"), expiry: .never)
            _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("CLIENT", "PAUSE", "600") }
            let (error, took) = await failure {
                _ = try await stores.session.get("a", deadline: .after(.milliseconds(150)))
            }
            #expect(error?.code == .timeout && error?.applied == .unknown)
            #expect(took >= .milliseconds(150) && took < .milliseconds(500), "\(took)")
            // Waits in the same connection until the pause is over, behind the reply that nobody wants any more.
            #expect(try await stores.session.get("b")?.value.text == "2")
            #expect(try await stores.session.get("a")?.value.text == "1")
        }
    }

    @Test("A black hole: calls end at their deadlines, and go on when it is gone", arguments: TestServer.all)
    func blackHole(_ server: TestServer) async throws {
        let proxy = try TestProxy(upstream: server.port)
        defer { proxy.close() }
        try await server.withStores(url: server.url(port: proxy.port), options: patient) { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            proxy.behavior = .swallow
            let (error, took) = await failure {
                try await stores.session.set(
                    "a", SessionValue("2"), expiry: .never, deadline: .after(.milliseconds(200)))
            }
            #expect(error?.code == .timeout && error?.applied == .unknown)
            #expect(took < .seconds(1), "\(took)")
            proxy.behavior = .forward
            proxy.reset()
            #expect(try await eventually { try await stores.session.get("a") }?.value.text == "1")
        }
    }

    @Test("A server that takes connections and says nothing is given up at the connect time-out")
    func silentServer() async throws {
        let server = try #require(TestServer.all.first)
        let proxy = try TestProxy(upstream: server.port)
        defer { proxy.close() }
        proxy.behavior = .swallow
        let (error, took) = await failure {
            try await server.withStores(
                url: server.url(port: proxy.port), settings: ["CONNECT_TIMEOUT": "200ms"], options: patient
            ) { _ in }
        }
        #expect(error?.code == .unavailable, "\(String(describing: error))")
        #expect(took < .seconds(3), "\(took)")
    }

    @Test("A reply that is cut at any place is nobody's", arguments: TestServer.all)
    func cutReplies(_ server: TestServer) async throws {
        let proxy = try TestProxy(upstream: server.port)
        defer { proxy.close() }
        try await server.withStores(url: server.url(port: proxy.port), options: patient) { stores in
            let long = String(repeating: "v", count: 300)
            try await stores.session.set("a", SessionValue(long), expiry: .never)
            for place in [0, 1, 2, 3, 5, 6, 40, 48, 120, 340, 371, 372] {
                #expect(try await eventually { try await stores.session.get("a") }?.value.text == long)
                proxy.behavior = .cut(after: place)
                let (error, _) = await failure {
                    let entry = try await stores.session.get("a")
                    #expect(entry?.value.text == long, "a part of a reply at \(place)")
                }
                if let error { #expect(error.code == .unavailable, "\(error)") }
                proxy.behavior = .forward
            }
            #expect(proxy.accepted > 6)
        }
    }

    @Test("A socket of the file system", arguments: TestServer.all)
    func unixSocket(_ server: TestServer) async throws {
        let path = "/tmp/stores-\(UUID().uuidString.prefix(8)).sock"
        let proxy = try TestProxy(upstream: server.port, socket: path)
        defer {
            proxy.close()
            try? FileManager.default.removeItem(atPath: path)
        }
        try await server.withStores(url: server.url(socket: path)) { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            #expect(try await stores.session.get("a")?.value.text == "1")
        }
    }

    @Test("OOM: writes are refused and reads go on", arguments: TestServer.all)
    func outOfMemory(_ server: TestServer) async throws {
        try await server.withStores { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            func limit(_ bytes: String) async throws {
                _ = try await stores.session.withNative(RedisCommands.self) {
                    try await $0.send("CONFIG", "SET", "maxmemory", bytes)
                }
            }
            try await limit("1000000")
            let (plain, _) = await failure { try await stores.session.set("a", SessionValue("2"), expiry: .never) }
            let (script, _) = await failure {
                try await stores.session.set("b", SessionValue("2"), expiry: .never, condition: .ifAbsent)
            }
            let read = try await stores.session.get("a")
            try await limit("0")
            for error in [plain, script] {
                #expect(error?.code == .unavailable && error?.applied == .no && error?.isRetryable == false)
                #expect(error?.message.contains("maxmemory") == true)
            }
            #expect(read?.value.text == "1")
            try await stores.session.set("a", SessionValue("3"), expiry: .never)
        }
    }

    @Test("READONLY: a replica refuses writes with nothing applied", arguments: TestServer.all)
    func readOnly(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            func replicate(_ host: String, _ port: String) async throws {
                _ = try await stores.session.withNative(RedisCommands.self) {
                    try await $0.send("REPLICAOF", host, port)
                }
            }
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            try await replicate("127.0.0.1", "1")
            let (error, _) = await failure { try await stores.session.set("a", SessionValue("2"), expiry: .never) }
            let (script, _) = await failure { try await stores.session.increment("n", expiry: .never) }
            try await replicate("NO", "ONE")
            for error in [error, script] {
                #expect(error?.code == .unavailable && error?.applied == .no, "\(String(describing: error))")
            }
            #expect(try await eventually { try await stores.session.get("a") }?.value.text == "1")
            try await stores.session.set("a", SessionValue("3"), expiry: .never)
        }
    }

    @Test("NOSCRIPT: scripts that the server has forgotten are sent again", arguments: TestServer.all)
    func forgottenScripts(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            for round in 1...3 {
                _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("SCRIPT", "FLUSH") }
                #expect(try await stores.session.increment("n", expiry: .keep) == Int64(round))
                let writes = (0..<5).map {
                    SessionWrite(key: "k\(round)-\($0)", value: SessionValue("v"), expiry: .never, condition: .ifAbsent)
                }
                _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("SCRIPT", "FLUSH") }
                #expect(try await stores.session.set(writes).succeeded.count == 5)
            }
        }
    }

    @Test(
        "NOAUTH: no password and a wrong one are told at start, and never tried again",
        .enabled(if: TestServer.all.contains { $0.password != nil }, "no URL has a password"))
    func passwords() async throws {
        let server = try #require(TestServer.all.first { $0.password != nil })
        for url in ["redis://127.0.0.1:\(server.port)", "redis://:wr0ng@127.0.0.1:\(server.port)"] {
            let (error, took) = await failure { try await server.withStores(url: url) { _ in } }
            let text = String(reflecting: error)
            #expect(text.contains("unauthenticated") && text.contains("authentication"), "\(text)")
            #expect(!text.contains("wr0ng"))
            #expect(took < .seconds(2))
        }
    }

    @Test(
        "kill -9 in the middle of the load: errors are typed, and it goes on by itself when the server is back",
        .restartsServer,
        arguments: TestServer.all)
    func killed(_ server: TestServer) async throws {
        try await server.withStores(options: patient) { stores in
            try await stores.session.increment("n", expiry: .never)
            async let running = load(stores, tasks: 32, rounds: 1_000_000, givingUpAfter: 4, allowing: [.unavailable])
            try server.service("kill")
            let (succeeded, failed) = try await running
            #expect(failed > 0, "\(succeeded) and \(failed)")
            let (error, took) = await failure { _ = try await stores.session.get("a") }
            #expect(error?.code == .unavailable && error?.applied == .no)
            #expect(took < .seconds(3), "\(took)")
            try server.service("start")
            // A script after a restart: the server has none any more.
            _ = try await eventually { try await stores.session.increment("m", expiry: .never) }
            let calm = try await load(stores, tasks: 16, rounds: 5, allowing: [])
            #expect(calm.failed == 0)
        }
    }

    @Test(
        "A subscription goes on where it was when the server is back",
        .restartsServer,
        arguments: TestServer.all)
    func subscriptionSurvives(_ server: TestServer) async throws {
        try await server.withStores { stores in
            func append(_ number: Int) async throws {
                try await stores.event.append([NewEvent(id: "\(number)", type: "t")], to: "s", expected: .any)
            }
            for number in 0..<3 { try await append(number) }
            // So that the events are there after a crash.
            _ = try await stores.event.withNative(RedisCommands.self) {
                try await $0.send("CONFIG", "SET", "appendfsync", "always")
            }
            try await append(3)
            var iterator = try stores.event.subscribe(from: .start, streamPrefix: "s").makeAsyncIterator()
            var ids: [String] = []
            func next(until count: Int) async throws {
                while ids.count < count, let element = try await iterator.next() {
                    if case .event(let event) = element { ids.append(event.id) }
                }
            }
            try await next(until: 4)
            try server.service("kill")
            try server.service("start")
            _ = try await eventually { try await append(4) }
            try await next(until: 5)
            #expect(ids == ["0", "1", "2", "3", "4"])
        }
    }
}
