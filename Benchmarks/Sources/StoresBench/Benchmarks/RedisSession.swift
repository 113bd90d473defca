#if Redis
import CMeasure
import Foundation
import StoresCore
import StoresRedis

/// GET and SET of 100 bytes from many tasks over few connections, by commands of the user's own (`RedisCommands`) and
/// through `SessionStore`, against the tool that measures servers, a loop in C and redis-py. Needs a server:
/// `REDIS_URL`.
enum RedisSession: Benchmark {
    static let name = "redis-session"
    static let summary = "GET and SET on Redis, 1, 64 and 512 tasks, against redis-benchmark, C and redis-py"

    private static let text = [UInt8](String(repeating: "0123456789", count: 10).utf8)
    private static let value = SessionValue(bytes: text)
    private static let small = SessionValue(String(repeating: "01234567", count: 8))
    private static let keys = (0..<512).map { [UInt8]("bench:raw:\($0)".utf8) }
    private static let sessionKeys = (0..<512).map { "k/\($0)" }
    private static let (getWord, setWord) = ([UInt8]("GET".utf8), [UInt8]("SET".utf8))

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let url = ProcessInfo.processInfo.environment["REDIS_URL"] else {
            FileHandle.standardError.write(
                Data("redis-session: left out, REDIS_URL names no server; scripts/services start redis\n".utf8))
            return []
        }
        var registry = AdapterRegistry()
        registry.register(StoresRedis.self)
        let environment = ["STORE_SESSION": "redis", "REDIS_URL": url, "REDIS_KEY_PREFIX": "bench:"]
        let python = ProcessInfo.processInfo.environment["STORES_BENCH_REDIS_PYTHON"] ?? Settings.python
        let peer = try Peer("redis_session.py", [url], python: python)
        defer { peer.stop() }
        return try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let commands = try await stores.session.withNative(RedisCommands.self) { $0 }
            let figures = try await measure(stores.session, commands, peer)
            try await stores.session.delete(prefix: "k")
            for key in keys { _ = try await commands.send([[UInt8]("DEL".utf8), key]) }
            return figures
        }
    }

    /// What each task does again and again, with a key of its own.
    private struct Call {
        var command: String
        var ours: String
        var isGated: Bool
        var body: @Sendable (Int) async throws -> Void
    }

    private static func measure(_ store: SessionStore, _ commands: RedisCommands, _ peer: Peer) async throws
        -> [Figure]
    {
        try await store.set(sessionKeys.map { SessionWrite(key: $0, value: value, expiry: .never) }).throwIfFailed()
        for key in keys { _ = try await commands.send([setWord, key, text]) }
        let calls = [
            Call(command: "GET", ours: "commands", isGated: true) {
                keep(try await commands.send([getWord, keys[$0]]))
            },
            Call(command: "SET", ours: "commands", isGated: true) {
                keep(try await commands.send([setWord, keys[$0], text]))
            },
            Call(command: "GET", ours: "SessionStore", isGated: false) { keep(try await store.get(sessionKeys[$0])) },
            Call(command: "SET", ours: "SessionStore", isGated: false) {
                try await store.set(sessionKeys[$0], value, expiry: .never)
            },
        ]
        var figures: [Figure] = []
        for call in calls { figures += try await race(call, peer) }
        return figures + [try await conditional(store)]
            + [
                try await allocations("commands", target: .atMost(3)) {
                    keep(try await commands.send([getWord, keys[0]]))
                },
                try await allocations("SessionStore", target: nil) { keep(try await store.get(sessionKeys[0])) },
            ]
    }

    private static func race(_ call: Call, _ peer: Peer) async throws -> [Figure] {
        let (many, few, one) = (1 << 18, 1 << 16, 4000)
        let tool = "tool \(call.command)"
        let times = try await Timing.interleaved(
            repetitions: 5, warmUp: 1,
            [
                { try await seconds(512, many, call.body) },
                { try peer.seconds("\(tool) 64 64 \(many * 4)") / 4 },
                { try await seconds(64, few, call.body) },
                { try peer.seconds("\(tool) 64 1 \(few)") },
                { try peer.seconds("asyncio \(call.command) 64 \(few / 16)") * 16 },
                { try await seconds(1, one, call.body) },
                { try peer.seconds("loop \(call.command) \(one)") },
            ])
        func figure(_ what: String, _ ours: Int, _ theirs: Int, _ name: String, _ count: Int, _ target: Double)
            -> Figure
        {
            .speed(
                Self.name, "\(call.command) of 100 bytes, \(what), \(call.ours)", ours: times[ours],
                peer: times[theirs], peerName: name, unit: .microseconds, per: count,
                target: call.isGated ? .atLeast(target) : nil)
        }
        return [
            figure("512 tasks", 0, 1, "redis-benchmark -c 64 -P 64", many, 0.5),
            figure("64 tasks", 2, 3, "redis-benchmark -c 64", few, 5),
            figure("64 tasks", 2, 4, "redis-py asyncio, 64 tasks", few, 10),
            figure("one task", 5, 6, "a blocking loop in C, hiredis", one, 0.9),
        ]
    }

    private static func conditional(_ store: SessionStore) async throws -> Figure {
        let count = 1 << 16
        let times = try await Timing.interleaved(
            repetitions: 7, warmUp: 1,
            [
                { try await setting(64, count, store, conditional: true) },
                { try await setting(64, count, store, conditional: false) },
            ])
        return .speed(
            name, "set of 64 bytes with a condition, 64 tasks, SessionStore", ours: times[0], peer: times[1],
            peerName: "set without one", unit: .microseconds, per: count, target: .atLeast(0.5))
    }

    private static func seconds(_ tasks: Int, _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void)
        async throws -> Double
    {
        try await Timing.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks {
                    group.addTask { for _ in 0..<(count / tasks) { try await body(task) } }
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

    private static func allocations(
        _ ours: String, target: Figure.Target?, _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Figure {
        let calls = 5000
        // In a task of its own, as a server's are: not on the main actor, which each call would have to come back to.
        let measured = try await Task { @concurrent in
            var measured: [Double] = []
            for _ in 0..<5 {
                let before = measure_allocations()
                for _ in 0..<calls { try await body() }
                measured.append((Double(measure_allocations() - before) / Double(calls) * 100).rounded() / 100)
            }
            return measured
        }.value
        return Figure(name, "GET: allocations, \(ours)", value: Spread(measured), unit: "per call", target: target)
    }
}
#endif
