#if Postgres
import StoresCore

/// A row by its key, from one task and from many, against pgbench with the same statement on the same rows.
enum PostgresReads: Benchmark {
    static let name = "postgres-reads"
    static let summary = "SessionStore.get on Postgres from 1 and 64 tasks, against pgbench -M prepared"

    private static let count = 10_000

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = PostgresServer.find() else { return [] }
        defer { server.dropSchema() }
        return try await server.withStores(.session) { stores in
            let value = SessionValue(String(repeating: "0123456789abcdef", count: 4))
            for start in stride(from: 0, to: count, by: 500) {
                let writes = (start..<start + 500).map { SessionWrite(key: "k\($0)", value: value, expiry: .never) }
                _ = try await stores.session.set(writes)
            }
            let script = """
                \\set n random(0, \(count - 1))
                SELECT key, kind, value, content_type, number, etag, expires_at FROM \(server.schema).sessions
                WHERE key = 'k' || :n AND (expires_at IS NULL OR expires_at > 1);
                """
            @Sendable func get(_ task: Int, _ turn: Int) async throws {
                let key = "k\((task &* 7919 &+ turn &* 31) % count)"
                guard try await stores.session.get(key)?.value.bytes.count == 64 else {
                    throw BenchError("a wrong value")
                }
            }
            let rates = try await Timing.interleaved(
                repetitions: 5, warmUp: 1,
                [
                    { 1 / (try await PostgresServer.rate(tasks: 1, seconds: 1, get)) },
                    { 1 / (try server.rate(script, clients: 1, seconds: 1)) },
                    { 1 / (try await PostgresServer.rate(tasks: 64, seconds: 1, get)) },
                    { 1 / (try server.rate(script, clients: 64, seconds: 1)) },
                ])
            return [
                .speed(
                    name, "get by key, one task", ours: rates[0], peer: rates[1],
                    peerName: "pgbench -c 1 -M prepared", unit: .microseconds, target: .atLeast(0.85)),
                .speed(
                    name, "get by key, 64 tasks on 4 connections, each", ours: rates[2], peer: rates[3],
                    peerName: "pgbench -c 64 -j 2 -M prepared", unit: .microseconds, target: .atLeast(2.5)),
            ]
        }
    }
}
#endif
