import Foundation
import StoresCore
import StoresRedis
import Testing

/// A server that was killed and came back without what it had not written to its disk.
@Suite(.serialized, .enabled(if: !Server.all.isEmpty, "no server whose program could be started: set REDIS_URL"))
struct LossTests {
    private func open(
        _ server: Server,
        _ body: (Stores, _ save: () async throws -> Void, _ crash: () async throws -> Void) async throws
            -> Void
    ) async throws {
        let servers = try #require(try await LocalServers(like: server))
        let port = LocalServers.ports(1)[0]
        try servers.start(port, ["appendonly no"])
        _ = try await servers.command("-p", "\(port)", "ping")
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let environment = [
            "STORE_SESSION": server.name, "STORE_EVENT": server.name,
            "\(server.name.uppercased())_URL": "redis://127.0.0.1:\(port)",
        ]
        try await Stores.withOpen(
            registry: registry, environment: environment, options: StoresOptions(breakerThreshold: 1_000_000)
        ) { stores in
            try await body(
                stores, { _ = try await servers.command("-p", "\(port)", "save") },
                {
                    servers.kill(port)
                    try servers.start(port, ["appendonly no"])
                    _ = try await servers.command("-p", "\(port)", "ping")
                })
        }
    }

    /// The connection finds out in its own time.
    private func patiently<T>(_ body: () async throws -> T) async throws -> T {
        let end = ContinuousClock.now + .seconds(10)
        while true {
            do {
                return try await body()
            } catch let error as StoreError where error.code == .unavailable && ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("What is appended after a loss is not passed over by who had seen what was lost", arguments: Server.all)
    func positions(_ server: Server) async throws {
        try await open(server) { stores, save, crash in
            func append(_ ids: Range<Int>) async throws {
                try await stores.event.append(
                    ids.map { NewEvent(id: "\($0)", type: "t") }, to: "s", expected: .any)
            }
            try await append(0..<3)
            try await save()
            try await append(3..<8)
            let seen = try #require(try await stores.event.readAll().next)
            try await crash()
            let error = await #expect(throws: StoreError.self) {
                try await patiently { try await stores.event.readAll(after: seen) }
            }
            #expect(error?.code == .notFound, "the loss is told")
            try await append(8..<10)
            #expect(try await stores.event.readAll(after: seen).events.map(\.id) == ["8", "9"])
            #expect(try await stores.event.readAll().events.map(\.id) == ["0", "1", "2", "8", "9"])
        }
    }

    @Test("A lease that was lost does not come back with a generation that somebody holds", arguments: Server.all)
    func leases(_ server: Server) async throws {
        try await open(server) { stores, save, crash in
            let first = try #require(try await stores.session.acquireLease("job", ttl: .seconds(60)))
            #expect(try await stores.session.releaseLease(first))
            try await save()
            let stalled = try #require(try await stores.session.acquireLease("job", ttl: .seconds(60)))
            try await crash()
            let other = try #require(
                try await patiently { try await stores.session.acquireLease("job", ttl: .seconds(60)) })
            #expect(other.generation > stalled.generation)
            let error = await #expect(throws: StoreError.self) {
                try await stores.session.set(
                    "a", SessionValue("1"), expiry: .never,
                    leaseGuard: LeaseGuard(key: "job", generation: stalled.generation))
            }
            #expect(error?.code == .preconditionFailed)
        }
    }

    @Test("A scan over a restart misses nothing", arguments: Server.all)
    func scan(_ server: Server) async throws {
        try await open(server) { stores, save, crash in
            let keys = (0..<3000).map { "user-\($0)" }
            for start in stride(from: 0, to: keys.count, by: 1000) {
                try await stores.session.set(
                    keys[start..<start + 1000].map { SessionWrite(key: $0, value: SessionValue("x"), expiry: .never) })
            }
            try await save()
            var found: Set<String> = []
            var cursor: Cursor?
            repeat {
                let page = try await patiently { [cursor] in try await stores.session.scan(cursor: cursor, limit: 100) }
                found.formUnion(page.items)
                cursor = page.next
                if (1000..<1200).contains(found.count) { try await crash() }
            } while cursor != nil
            #expect(found == Set(keys))
        }
    }
}
