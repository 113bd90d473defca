import Foundation
import StoresCore
import StoresRedis
import Testing

/// A cluster one of whose slots is on its way to another node, or has got there without anybody being told.
@Suite(.serialized, .enabled(if: !Server.all.isEmpty, "no server whose program could be started: set REDIS_URL"))
struct MovingTests {
    private struct Cluster {
        var server: Server
        var servers: LocalServers
        var ports: [Int]
        /// By port.
        var ids: [Int: String] = [:]

        init(_ server: Server) async throws {
            self.server = server
            servers = try #require(try await LocalServers(like: server))
            ports = LocalServers.ports(3)
            try await servers.startCluster(ports)
            for port in ports {
                let id = try await servers.command("-p", "\(port)", "cluster", "myid")
                ids[port] = id.trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }

        func open<T>(_ more: [String: String] = [:], _ body: (Stores) async throws -> T) async throws -> T {
            let variable = server.name.uppercased()
            var environment = ["STORE_SESSION": server.name, "STORE_EVENT": server.name]
            environment["\(variable)_URL"] = "redis://" + ports.map { "127.0.0.1:\($0)" }.joined(separator: ",")
            environment["\(variable)_KEY_PREFIX"] = "app:"
            for (name, value) in more { environment["\(variable)_\(name)"] = value }
            var registry = AdapterRegistry()
            registry.register(StoresRedis.self)
            return try await Stores.withOpen(
                registry: registry, environment: environment,
                options: StoresOptions(timeout: .seconds(20), retry: .none, breakerThreshold: 1_000_000), body)
        }

        @discardableResult
        func run(_ port: Int, _ arguments: [String]) async throws -> String {
            try await servers.command(arguments: ["-p", "\(port)"] + arguments)
        }

        /// A slot by one of its keys, where it is and where it is to go.
        func move(_ key: String) async throws -> Move {
            let slot = try await run(ports[0], ["cluster", "keyslot", key]).filter(\.isNumber)
            for port in ports
            where try await run(port, ["cluster", "countkeysinslot", slot]).filter(\.isNumber) != "0" {
                let target = try #require(ports.first { $0 != port })
                return Move(cluster: self, slot: slot, source: port, target: target)
            }
            throw LocalServers.Failure(what: "nobody has keys of the slot of \(key)")
        }
    }

    private struct Move {
        var cluster: Cluster
        var slot: String
        var source: Int
        var target: Int

        func begin() async throws {
            try await cluster.run(
                target, ["cluster", "setslot", slot, "importing", try #require(cluster.ids[source])])
            try await cluster.run(
                source, ["cluster", "setslot", slot, "migrating", try #require(cluster.ids[target])])
        }

        var keys: [String] {
            get async throws {
                try await cluster.run(source, ["cluster", "getkeysinslot", slot, "1000"]).split(separator: "\n").map {
                    String($0)
                }
            }
        }

        func carry(_ keys: [String]) async throws {
            guard !keys.isEmpty else { return }
            try await cluster.run(
                source, ["migrate", "127.0.0.1", "\(target)", "", "0", "5000", "keys"] + keys)
        }

        func finish() async throws {
            try await carry(keys)
            for port in [target, source] {
                try await cluster.run(port, ["cluster", "setslot", slot, "node", try #require(cluster.ids[target])])
            }
        }

        /// How often a node sent a caller elsewhere.
        func redirections(_ code: String) async throws -> Int {
            let text = try await cluster.run(source, ["info", "errorstats"])
            let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("errorstat_\(code):") }
            return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
        }
    }

    private func scan(_ stores: Stores, prefix: String? = nil) async throws -> Set<String> {
        var found: Set<String> = []
        var cursor: Cursor?
        repeat {
            let page = try await stores.session.scan(prefix: prefix, cursor: cursor, limit: 10)
            found.formUnion(page.items)
            cursor = page.next
        } while cursor != nil
        return found
    }

    @Test("Session keys are found, deleted and changed wherever their slot is", arguments: Server.all)
    func sessions(_ server: Server) async throws {
        let cluster = try await Cluster(server)
        try await cluster.open { stores in
            func write(_ user: String) async throws -> Set<String> {
                let keys = (0..<40).map { "\(user)/\($0)" }
                try await stores.session.set(
                    keys.map { SessionWrite(key: $0, value: SessionValue($0), expiry: .never) })
                return Set(keys)
            }
            // It has moved, and this process has not been told.
            let moved = try await write("moved")
            let move = try await cluster.move("app:s:{moved}")
            try await move.begin()
            try await move.finish()
            #expect(try await scan(stores, prefix: "moved") == moved)
            #expect(try await move.redirections("MOVED") > 0)
            #expect(try await stores.session.delete(prefix: "moved") == 40)

            // A half of its keys is at the other node.
            let moving = try await write("moving")
            let half = try await cluster.move("app:s:{moving}")
            try await half.begin()
            try await half.carry(Array(half.keys.prefix(20)))
            let asked = try await half.redirections("ASK")
            #expect(try await scan(stores, prefix: "moving") == moving)
            #expect(try await half.redirections("ASK") > asked)
            #expect(try await scan(stores).isSuperset(of: moving))
            let entries = try await stores.session.get(moving.sorted())
            #expect(entries.map { $0?.value.text } == moving.sorted())
            for key in moving.sorted().prefix(5) {
                let receipt = try await stores.session.set(key, SessionValue(key), expiry: .never)
                try await stores.session.set(
                    key, SessionValue(key), expiry: .never, condition: .ifMatch(receipt.etag))
            }
            async let outcomes = stores.session.transaction([
                .delete(key: "moving/1", condition: .none), .delete(key: "moving/none", condition: .none),
            ])
            #expect(try await stores.session.delete(prefix: "moving/2") == 1)
            try await half.finish()
            #expect(try await outcomes == [.deleted(true), .deleted(false)])
            #expect(try await stores.session.delete(prefix: "moving") == 38)
            #expect(try await scan(stores, prefix: "moving").isEmpty)

            // A move that was given up has left keys that are nobody's.
            _ = try await write("left")
            let left = try await cluster.move("app:s:{left}")
            try await left.begin()
            let lost = try await Array(left.keys.prefix(10))
            try await left.carry(lost)
            for port in [left.source, left.target] {
                try await cluster.run(port, ["cluster", "setslot", left.slot, "stable"])
            }
            let names = Set(lost.map { "left/" + $0.drop { $0 != "/" }.dropFirst() })
            #expect(try await scan(stores).intersection(names).isEmpty)
            #expect(try await stores.session.delete(prefix: "left") == 30)
        }
    }

    @Test("Events and runs wait for their slot, and nothing is done by half", arguments: Server.all)
    func events(_ server: Server) async throws {
        let cluster = try await Cluster(server)
        let key = "app:{app:events}:"
        try await cluster.open(["EVENT_RETENTION": "4"]) { stores in
            func append(_ id: String, to stream: String) async throws {
                try await stores.event.append([NewEvent(id: id, type: "t")], to: stream, expected: .any)
            }
            for number in 0..<3 { try await append("b\(number)", to: "b") }
            try await append("a0", to: "a")
            try await stores.event.saveRun("one", status: "running", state: [], ifVersion: nil)
            try await stores.event.saveRun("two", status: "done", state: [], ifVersion: nil)
            let move = try await cluster.move("\(key)g")
            try await move.begin()
            try await move.carry(["\(key)s:b", "\(key)m:b", "\(key)d:b", "\(key)S:running"])
            // The oldest are out of reach, and are dropped later.
            try await append("a1", to: "a")
            #expect(try await stores.event.read("a").events.map(\.id) == ["a0", "a1"])
            async let all = stores.event.readAll()
            async let saved = stores.event.saveRun("one", status: "done", state: [1], ifVersion: 1)
            await expectTimeout("a listing of what is out of reach") {
                try await stores.event.listRuns(status: "running", deadline: $0)
            }
            // The index has arrived, and the events have not: who reads them there would skip them.
            try await move.carry(["\(key)g", "\(key)i"])
            await expectTimeout("events of streams that have not arrived") {
                try await stores.event.readAll(deadline: $0)
            }
            try await move.finish()
            #expect(try await all.events.map(\.id) == ["b0", "b1", "b2", "a0", "a1"])
            #expect(try await saved.version == 2)
            #expect(try await stores.event.listRuns(status: "done").items.map(\.id) == ["one", "two"])
            #expect(try await stores.event.listRuns(status: "running").items.isEmpty)
            try await append("a2", to: "a")
            #expect(try await stores.event.readAll().events.map(\.id) == ["b2", "a0", "a1", "a2"])
            #expect(try await stores.event.deleteStream("b", confirming: "b"))
        }
    }

    /// What is away is waited for, up to the call's deadline.
    private func expectTimeout<T>(_ what: Comment, _ body: (Deadline) async throws -> T) async {
        let error = await #expect(throws: StoreError.self, what) { _ = try await body(.after(.milliseconds(300))) }
        #expect(error?.code == .timeout, what)
    }

    @Test("A replica takes over, and calls and subscriptions go on", arguments: Server.all)
    func failover(_ server: Server) async throws {
        let cluster = try await Cluster(server)
        let (ports, servers) = (cluster.ports, cluster.servers)
        try await cluster.open { stores in
            try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .any)
            try await stores.session.set("a", SessionValue("1"), expiry: .never)
            let move = try await cluster.move("app:{app:events}:g")
            let replica = try #require(LocalServers.ports(1).first)
            try servers.start(replica, ["cluster-enabled yes", "cluster-node-timeout 2000", "appendonly no"])
            _ = try await servers.command("-p", "\(replica)", "ping")
            try await cluster.run(replica, ["cluster", "meet", "127.0.0.1", "\(move.source)"])
            try await servers.wait(for: "cluster_known_nodes:4", replica, "cluster", "info")
            try await cluster.run(replica, ["cluster", "replicate", try #require(cluster.ids[move.source])])
            try await servers.wait(for: "master_link_status:up", replica, "info", "replication")
            for port in ports { try await servers.wait(for: "cluster_known_nodes:4", port, "cluster", "info") }

            var iterator = try stores.event.subscribe(from: .start).makeAsyncIterator()
            var ids: [String] = []
            func next(until count: Int) async throws {
                while ids.count < count, let element = try await iterator.next() {
                    if case .event(let event) = element { ids.append(event.id) }
                }
            }
            try await next(until: 1)
            servers.kill(move.source)
            var isDone = false
            let end = ContinuousClock.now + .seconds(30)
            while !isDone, ContinuousClock.now < end {
                do {
                    try await stores.event.append([NewEvent(id: "2", type: "t")], to: "s", expected: .any)
                    isDone = true
                } catch let error as StoreError {
                    #expect(error.code == .unavailable || error.code == .timeout, "\(error)")
                    try await servers.wait(for: "role:master", replica, "info", "replication")
                }
            }
            #expect(isDone, "no append succeeded after the failover")
            try await next(until: 2)
            #expect(ids == ["1", "2"])
            #expect(try await scan(stores).contains("a"))
        }
    }
}
