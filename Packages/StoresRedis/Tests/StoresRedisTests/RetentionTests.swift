import Foundation
import StoresCore
import StoresRedis
import Testing

/// What retention drops, and what it must not take with it.
@Suite(.serialized, .needsServer)
struct RetentionTests {
    private func events(_ numbers: Range<Int>) -> [NewEvent] { numbers.map { NewEvent(id: "\($0)", type: "t") } }

    private func length(_ stores: Stores, _ prefix: String, _ key: String) async throws -> Int64 {
        let reply = try await stores.event.withNative(RedisCommands.self) {
            try await $0.send("XLEN", "\(prefix){\(prefix)events}:\(key)")
        }
        guard case .integer(let count) = reply else { return -1 }
        return count
    }

    @Test("A subscriber of an empty store is told when what came next was dropped", arguments: TestServer.all)
    func emptyStore(_ server: TestServer) async throws {
        try await server.withStores(settings: ["EVENT_RETENTION": "4"]) { stores in
            for start in [SubscriptionStart.start, .now] {
                var iterator = try stores.event.subscribe(from: start).makeAsyncIterator()
                while let element = try await iterator.next() {
                    if case .caughtUp = element { break }
                }
                try await stores.event.append(
                    (0..<10).map { NewEvent(id: "\(start)-\($0)", type: "t") }, to: "s", expected: .any)
                let (error, _) = await failure { _ = try await iterator.next() }
                #expect(error?.code == .notFound, "\(start): \(String(describing: error))")
            }
        }
    }

    @Test("A repeated append is told from a new one, also when its events were dropped", arguments: TestServer.all)
    func repeated(_ server: TestServer) async throws {
        try await server.withStores(settings: ["EVENT_RETENTION": "4"]) { stores in
            let store = stores.event
            // More than are kept.
            let first = try await store.append(events(0..<10), to: "s", expected: .noStream)
            let again = try await store.append(events(0..<10), to: "s", expected: .noStream)
            #expect(again.isDeduplicated && again.firstRevision == 0 && again.position == first.position)
            // All are gone by now.
            try await store.append(events(10..<40), to: "other", expected: .any)
            #expect(try await store.append(events(0..<10), to: "s", expected: .any).isDeduplicated)
            #expect(try await store.readAll().events.map(\.id) == ["36", "37", "38", "39"])
            // The stream goes on where it was.
            let next = try await store.append([NewEvent(id: "new", type: "t")], to: "s", expected: .exact(9))
            #expect(next.firstRevision == 10 && !next.isDeduplicated)
            #expect(try await store.read("s").oldestRevision == 10)
        }
    }

    @Test(
        "The ids of dropped events are forgotten in time, and so are streams without events", arguments: TestServer.all)
    func forgotten(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(settings: ["EVENT_RETENTION": "4"], prefix: prefix) { stores in
            for start in stride(from: 0, to: 13_000, by: 1000) {
                try await stores.event.append(events(start..<start + 1000), to: "s\(start)", expected: .any)
            }
            #expect(try await length(stores, prefix, "x") == 10_000)
            let keys = ["s:s0", "d:s0", "d:s1000", "s:s12000", "d:s12000"].map { "\(prefix){\(prefix)events}:\($0)" }
            for (key, isThere) in zip(keys, [false, false, false, true, true]) {
                let reply = try await stores.event.withNative(RedisCommands.self) { try await $0.send("EXISTS", key) }
                #expect(reply == .integer(isThere ? 1 : 0), "\(key)")
            }
            #expect(try await stores.event.append(events(12_000..<13_000), to: "s12000", expected: .any).isDeduplicated)
        }
    }

    @Test("Where much is to be dropped, every append does a part of it", arguments: TestServer.all)
    func switchedOn(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(prefix: prefix) { stores in
            for start in stride(from: 0, to: 5000, by: 1000) {
                try await stores.event.append(events(start..<start + 1000), to: "s", expected: .any)
            }
            let place = try await stores.event.readAll(limit: 100).next
            try await server.withStores(settings: ["EVENT_RETENTION": "500"], prefix: prefix) { limited in
                try await limited.event.append(events(5000..<5001), to: "s", expected: .any)
                #expect(try await length(stores, prefix, "i") == 4000)
                for number in 5001..<5010 {
                    try await limited.event.append(events(number..<number + 1), to: "s", expected: .any)
                }
                #expect((500...505).contains(try await length(stores, prefix, "i")))
                let (error, _) = await failure { _ = try await limited.event.readAll(after: place) }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test("What a deleted stream left in the index goes with later appends", arguments: TestServer.all)
    func leftovers(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(prefix: prefix) { stores in
            for start in stride(from: 0, to: 2000, by: 1000) {
                try await stores.event.append(events(start..<start + 1000), to: "s", expected: .any)
            }
            // As a process leaves it that ends in the middle.
            let key = "\(prefix){\(prefix)events}:"
            for command in [
                ["DEL", "m:s", "d:s"], ["RENAME", "s:s", "t:left"], ["SADD", "T", "t:left"],
                ["HSET", "g", "t", "1"],
            ] {
                let names = command[0] == "HSET" ? 1 : command.count - 1
                let words = command.enumerated().map { (1...names).contains($0) ? key + $1 : $1 }
                _ = try await stores.event.withNative(RedisCommands.self) {
                    try await $0.send(words.map { Array($0.utf8) })
                }
            }
            #expect(try await length(stores, prefix, "i") == 2000)
            for number in 0..<4 {
                try await stores.event.append(events(number..<number + 1), to: "other", expected: .any)
            }
            #expect(try await length(stores, prefix, "i") == 4)
            #expect(try await stores.event.readAll().events.map(\.stream) == ["other", "other", "other", "other"])
            let reply = try await stores.event.withNative(RedisCommands.self) {
                try await $0.send("HGET", key + "g", "t")
            }
            #expect(reply == .bytes(Array("0".utf8)))
        }
    }
}
