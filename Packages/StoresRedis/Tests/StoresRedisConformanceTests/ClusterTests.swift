import Foundation
import StoresConformance
import StoresCore
import StoresRedis
import Testing

/// A cluster of three nodes, and a primary with a replica under a sentinel, started by the tests themselves.
@Suite(.serialized, .enabled(if: !Server.all.isEmpty, "no server whose program could be started: set REDIS_URL"))
struct ClusterTests {
    @Test("Every case of the contracts holds on a cluster of three nodes", arguments: Server.all)
    func conformance(_ server: Server) async throws {
        let servers = try #require(try await LocalServers(like: server))
        let ports = LocalServers.ports(3)
        try await servers.startCluster(ports)
        let variable = server.name.uppercased()
        let settings = [
            "\(variable)_URL": "redis://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ","),
            "\(variable)_KEY_PREFIX": "app:",
        ]
        for tier in [Tier.session, .event] {
            try await ConformanceSubject.with(StoresRedis.self, named: server.name, tiers: [tier], settings: settings) {
                let report = await Conformance.run($0)
                #expect(report.isPassing, "\(report.text)")
            }
        }
        try await spread(server, settings, servers, ports)
        // The first that is named need not be there.
        try await open(
            server, settings.merging(["\(variable)_URL": "redis://127.0.0.1:1,127.0.0.1:\(ports[1])"]) { $1 }
        ) {
            let entry = try await $0.session.get("user-5/cart")
            #expect(entry?.value.text == "5")
        }
        try await moving(server, settings, servers, ports)
    }

    private func open<T>(_ server: Server, _ settings: [String: String], _ body: (Stores) async throws -> T)
        async throws -> T
    {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        var environment = settings
        environment["STORE_SESSION"] = server.name
        environment["STORE_EVENT"] = server.name
        return try await Stores.withOpen(
            registry: registry, environment: environment,
            options: StoresOptions(timeout: .seconds(20), breakerThreshold: 1_000_000), body)
    }

    private func opened(_ server: Server, _ settings: [String: String]) async throws -> Stores {
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let environment = settings.merging(["STORE_SESSION": server.name]) { $1 }
        return try await Stores.open(registry: registry, environment: environment)
    }

    @Test("LOADING: calls fail as unavailable and come back when the data is there", arguments: Server.all)
    func loading(_ server: Server) async throws {
        let servers = try #require(try await LocalServers(like: server))
        let port = LocalServers.ports(1)[0]
        let slow = ["appendonly no", "key-load-delay 1000", "loading-process-events-interval-bytes 1024"]
        try servers.start(port, slow)
        _ = try await servers.command("-p", "\(port)", "ping")
        let settings = ["\(server.name.uppercased())_URL": "redis://127.0.0.1:\(port)"]
        try await open(server, settings) { stores in
            for start in stride(from: 0, to: 4000, by: 1000) {
                let writes = (start..<start + 1000).map {
                    SessionWrite(key: "k\($0)", value: SessionValue("\($0)"), expiry: .never)
                }
                _ = try await stores.session.set(writes)
            }
            _ = try await servers.command("-p", "\(port)", "save")
            servers.kill(port)
            try servers.start(port, slow)
            var wasLoading = false
            let end = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < end {
                do {
                    #expect(try await stores.session.get("k3999")?.value.text == "3999")
                    break
                } catch let error as StoreError {
                    #expect(error.code == .unavailable && error.isRetryable, "\(String(reflecting: error))")
                    if error.message.contains("loading") {
                        wasLoading = true
                        #expect(error.applied == .no)
                        try await servers.wait(for: "loading:0", port, "info", "persistence")
                    }
                }
            }
            #expect(wasLoading, "the server was never loading")
        }
    }

    /// Keys of many beginnings lie on all nodes; one scan finds them all; a step over two slots is refused.
    private func spread(_ server: Server, _ settings: [String: String], _ servers: LocalServers, _ ports: [Int])
        async throws
    {
        try await open(server, settings) { stores in
            let writes = (0..<300).map {
                SessionWrite(key: "user-\($0)/cart", value: SessionValue("\($0)"), expiry: .never)
            }
            #expect(try await stores.session.set(writes).succeeded.count == 300)
            let entries = try await stores.session.get(writes.map(\.key))
            #expect(entries.map { $0?.value.text } == (0..<300).map { "\($0)" })
            for port in ports {
                let size = try await servers.command("-p", "\(port)", "dbsize")
                #expect((Int(size.filter(\.isNumber)) ?? 0) > 50, "the keys are not spread: \(size)")
            }
            var found: Set<String> = []
            var cursor: Cursor?
            repeat {
                let page = try await stores.session.scan(cursor: cursor, limit: 50)
                found.formUnion(page.items)
                cursor = page.next
            } while cursor != nil
            #expect(found.isSuperset(of: writes.map(\.key)))
            let error = await #expect(throws: StoreError.self) {
                _ = try await stores.session.transaction([
                    .delete(key: "user-1/cart", condition: .none), .delete(key: "user-2/cart", condition: .none),
                ])
            }
            #expect(error?.code == .invalidArgument && error?.message.contains("segment") == true)
            let outcomes = try await stores.session.transaction([
                .delete(key: "user-1/cart", condition: .none), .delete(key: "user-1/none", condition: .none),
            ])
            #expect(outcomes == [.deleted(true), .deleted(false)])
        }
    }

    /// Slots that move while they are read and written: MOVED and ASK are followed, and nothing is lost.
    private func moving(_ server: Server, _ settings: [String: String], _ servers: LocalServers, _ ports: [Int])
        async throws
    {
        try await open(server, settings) { stores in
            let keys = (0..<200).map { "moving-\($0)/n" }
            // It learns of nothing that happens meanwhile.
            let bystander = try await opened(server, settings)
            for key in keys { try await stores.session.increment(key, expiry: .never) }
            async let moved = servers.command(
                "--cluster", "reshard", "127.0.0.1:\(ports[0])", "--cluster-from", "all", "--cluster-to",
                try await servers.command("-p", "\(ports[2])", "cluster", "myid").trimmingCharacters(
                    in: .whitespacesAndNewlines),
                "--cluster-slots", "2000", "--cluster-yes", within: .seconds(60))
            var rounds: Int64 = 1
            let end = ContinuousClock.now + .seconds(3)
            while ContinuousClock.now < end {
                for key in keys { try await stores.session.increment(key, expiry: .never) }
                rounds += 1
            }
            _ = try await moved
            let texts = try await stores.session.get(keys).map { $0?.value.text }
            #expect(texts == keys.map { _ in "\(rounds)" })
            #expect(rounds > 2)
            // Slots have gone to another node: a prefix is deleted there, and a scan finds what lies there.
            var found: Set<String> = []
            var cursor: Cursor?
            repeat {
                let page = try await bystander.session.scan(cursor: cursor, limit: 50)
                found.formUnion(page.items)
                cursor = page.next
            } while cursor != nil
            #expect(found.isSuperset(of: keys))
            var deleted = 0
            for number in 0..<200 { deleted += try await bystander.session.delete(prefix: "moving-\(number)") }
            #expect(deleted == 200)
            #expect(try await stores.session.get(keys).allSatisfy { $0 == nil })
            await bystander.shutdown()
        }
    }

    @Test("A sentinel names the primary, also after it has died", arguments: Server.all)
    func sentinel(_ server: Server) async throws {
        let servers = try #require(try await LocalServers(like: server))
        let ports = LocalServers.ports(3)
        try servers.start(ports[0], ["appendonly no"])
        _ = try await servers.command("-p", "\(ports[0])", "ping")
        try servers.start(ports[1], ["appendonly no", "replicaof 127.0.0.1 \(ports[0])"])
        try await servers.wait(for: "master_link_status:up", ports[1], "info", "replication")
        try servers.start(
            ports[2],
            [
                "sentinel monitor main 127.0.0.1 \(ports[0]) 1", "sentinel down-after-milliseconds main 500",
                "sentinel failover-timeout main 3000",
            ], arguments: ["--sentinel"])
        try await servers.wait(for: "slaves=1", ports[2], "info", "sentinel")
        let variable = server.name.uppercased()
        let settings = [
            "\(variable)_URL": "redis+sentinel://127.0.0.1:1,127.0.0.1:\(ports[2])/main",
            "\(variable)_KEY_PREFIX": "app:",
        ]
        try await open(server, settings) { stores in
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            _ = try await stores.session.withNative(RedisCommands.self) { try await $0.send("WAIT", "1", "2000") }
            servers.kill(ports[0])
            let end = ContinuousClock.now + .seconds(30)
            var isWritten = false
            while !isWritten, ContinuousClock.now < end {
                do {
                    try await stores.session.set("b", SessionValue("2"), expiry: .never)
                    isWritten = true
                } catch let error as StoreError {
                    #expect(error.code == .unavailable || error.code == .timeout, "\(error)")
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(isWritten, "no write succeeded after the failover")
            #expect(try await stores.session.get("a")?.value.text == "1")
        }
        let unknown = await #expect(throws: (any Error).self) {
            try await open(server, ["\(variable)_URL": "redis+sentinel://127.0.0.1:\(ports[2])/other"]) { _ in }
        }
        #expect(String(reflecting: unknown).contains("knows no primary"), "\(String(reflecting: unknown))")
    }
}
