#if Postgres
import StoresCore
import Synchronization

/// Events appended one at a time by many tasks, against pgbench inserting such rows into the same table, without any
/// look at the stream's end.
enum PostgresAppends: Benchmark {
    static let name = "postgres-appends"
    static let summary = "EventStore.append on Postgres from 64 and 512 tasks, against pgbench -M prepared"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = PostgresServer.find() else { return [] }
        defer { server.dropSchema() }
        return try await server.withStores(.event) { stores in
            let data = Array(String(repeating: "0123456789", count: 20).utf8)
            let script = """
                INSERT INTO \(server.schema).events
                (transaction, stream, revision, id, type, content_type, metadata, recorded_at, data)
                VALUES (pg_current_xact_id(), gen_random_uuid()::text, 0, 'event', 'indexed', 'application/json', '{}', 0,
                decode('\(String(repeating: "30", count: 200))', 'hex'));
                """
            let run = Counter()
            func append(tasks: Int, conflicting: Bool) async throws -> Double {
                let prefix = "\(run.next())"
                return try await PostgresServer.rate(tasks: tasks, seconds: 1) { task, turn in
                    let event = NewEvent(id: "\(turn)", type: "indexed", data: data)
                    if conflicting, task == 0 {
                        do {
                            try await stores.event.append([event], to: "never", expected: .exact(5))
                            throw BenchError("an append that must conflict did not")
                        } catch let error as StoreError {
                            guard error.code == .conflict else { throw error }
                        }
                        return
                    }
                    let expected: ExpectedRevision = turn == 0 ? .noStream : .exact(Int64(turn - 1))
                    try await stores.event.append([event], to: "s\(prefix)-\(task)", expected: expected)
                }
            }
            let rates = try await Timing.interleaved(
                repetitions: 5, warmUp: 1,
                [
                    { 1 / (try await append(tasks: 64, conflicting: false)) },
                    { 1 / (try server.rate(script, clients: 64, seconds: 1)) },
                    { 1 / (try await append(tasks: 64, conflicting: true)) },
                    { 1 / (try await append(tasks: 512, conflicting: false)) },
                ])
            let peer = "pgbench -c 64 -j 2 -M prepared"
            return [
                .speed(
                    name, "append of one event, 64 tasks, each", ours: rates[0], peer: rates[1], peerName: peer,
                    unit: .microseconds, target: .atLeast(2.5)),
                .speed(
                    name, "append of one event, 64 tasks of which one conflicts, each", ours: rates[2],
                    peer: rates[1], peerName: peer, unit: .microseconds, target: .atLeast(2.5)),
                .speed(
                    name, "append of one event, 512 tasks, each", ours: rates[3], peer: rates[1], peerName: peer,
                    unit: .microseconds, target: .atLeast(4)),
            ]
        }
    }

    private final class Counter: Sendable {
        private let number = Atomic<Int>(0)

        func next() -> Int { number.add(1, ordering: .relaxed).newValue }
    }
}
#endif
