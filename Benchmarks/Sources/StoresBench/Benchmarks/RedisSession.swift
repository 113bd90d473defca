#if Redis
import CMeasure
import Foundation
import StoresCore
import StoresRedis

/// Session values of 100 bytes through `SessionStore`, from many tasks over few connections, against the tool that
/// measures servers, a loop in C and redis-py. Needs a server: `REDIS_URL`.
enum RedisSession: Benchmark {
    static let name = "redis-session"
    static let summary =
        "SessionStore get and set on Redis, 1, 64 and 512 tasks, against redis-benchmark, C and redis-py"

    private static let value = SessionValue(String(repeating: "0123456789", count: 10))
    private static let small = SessionValue(String(repeating: "01234567", count: 8))

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let url = ProcessInfo.processInfo.environment["REDIS_URL"] else {
            FileHandle.standardError.write(
                Data("redis-session: left out, REDIS_URL names no server; scripts/services start redis\n".utf8))
            return []
        }
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let environment = ["STORE_SESSION": "redis", "REDIS_URL": url, "REDIS_KEY_PREFIX": "bench:"]
        let peer = try Peer("redis_session.py", [url])
        defer { peer.stop() }
        return try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let figures = try await measure(stores.session, peer)
            try await stores.session.delete(prefix: "k")
            return figures
        }
    }

    private static func measure(_ store: SessionStore, _ peer: Peer) async throws -> [Figure] {
        try await store.set((0..<512).map { SessionWrite(key: "k/\($0)", value: value, expiry: .never) })
            .throwIfFailed()
        let many = 64 * 1024
        let (few, one) = (many / 4, 4000)
        let get: @Sendable (String) async throws -> Void = { keep(try await store.get($0)) }
        let set: @Sendable (String) async throws -> Void = { try await store.set($0, value, expiry: .never) }
        let times = try await Timing.interleaved(
            repetitions: 7, warmUp: 1,
            [
                { try await seconds(512, many, get) }, { try peer.seconds("tool GET 64 64 \(many * 4)") / 4 },
                { try await seconds(512, many, set) }, { try peer.seconds("tool SET 64 64 \(many * 4)") / 4 },
                { try await seconds(64, few, get) }, { try peer.seconds("tool GET 64 1 \(few)") },
                { try peer.seconds("asyncio 64 \(few / 4)") * 4 },
                { try await seconds(1, one, get) }, { try peer.seconds("loop \(one)") },
                { try await setting(64, few, store, conditional: true) },
                { try await setting(64, few, store, conditional: false) },
            ])
        func figure(_ what: String, _ ours: Int, _ theirs: Int, _ name: String, _ count: Int, _ target: Double)
            -> Figure
        {
            .speed(
                Self.name, what, ours: times[ours], peer: times[theirs], peerName: name, unit: .microseconds,
                per: count, target: .atLeast(target))
        }
        return [
            figure("get from 512 tasks", 0, 1, "redis-benchmark -c 64 -P 64", many, 0.5),
            figure("set from 512 tasks", 2, 3, "redis-benchmark -c 64 -P 64", many, 0.5),
            figure("get from 64 tasks", 4, 5, "redis-benchmark -c 64", few, 5),
            figure("get from 64 tasks", 4, 6, "redis-py asyncio, 64 tasks", few, 10),
            figure("get from one task", 7, 8, "a blocking loop in C, hiredis", one, 0.9),
            .speed(
                name, "set of 64 bytes with a condition", ours: times[9], peer: times[10], peerName: "set without one",
                unit: .microseconds, per: few, target: .atLeast(0.5)),
            try await allocations(store),
        ]
    }

    private static func seconds(_ tasks: Int, _ count: Int, _ body: @escaping @Sendable (String) async throws -> Void)
        async throws -> Double
    {
        try await Timing.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        let key = "k/\(task)"
                        for _ in 0..<(count / tasks) { try await body(key) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Each task writes a key of its own; with a condition, over the etag of its last write.
    private static func setting(_ tasks: Int, _ count: Int, _ store: SessionStore, conditional: Bool) async throws
        -> Double
    {
        try await Timing.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask {
                        let key = "k/\(task)"
                        var etag: String?
                        for _ in 0..<(count / tasks) {
                            let condition = etag.map { SessionCondition.ifMatch($0) } ?? .none
                            let receipt = try await store.set(key, small, expiry: .never, condition: condition)
                            if conditional { etag = receipt.etag }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private static func allocations(_ store: SessionStore) async throws -> Figure {
        let calls = 5000
        // In a task of its own, as a server's are: not on the main actor, which each call would have to come back to.
        let measured = try await Task { @concurrent in
            var measured: [Double] = []
            for _ in 0..<5 {
                let before = measure_allocations()
                for _ in 0..<calls { keep(try await store.get("k/0")) }
                measured.append((Double(measure_allocations() - before) / Double(calls) * 100).rounded() / 100)
            }
            return measured
        }.value
        return Figure(
            name, "get: allocations", value: Spread(measured), unit: "per call", target: .atMost(3))
    }
}
#endif
