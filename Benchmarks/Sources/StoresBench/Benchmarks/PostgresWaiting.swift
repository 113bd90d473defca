#if Postgres
import StoresCore

/// A thousand tasks that want ten connections, all at once and again and again: how long the unluckiest waits.
enum PostgresWaiting: Benchmark {
    static let name = "postgres-waiting"
    static let summary = "1,000 tasks on 10 connections of Postgres: the longest wait next to the mean, and whose turn"

    private static let tasks = 1000

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = PostgresServer.find() else { return [] }
        defer { server.dropSchema() }
        return try await server.withStores(.session, poolSize: 10) { stores in
            let session = stores.session
            let value = SessionValue("a value")
            var figures = try await waits("get on the shared connections") { task in
                _ = try await session.get("key-\(task)", deadline: .after(.seconds(60)))
            }
            // A transaction has a connection for itself: of ten, six are for those.
            figures += try await waits("transaction on a connection of its own") { task in
                _ = try await session.transaction(
                    [.set(SessionWrite(key: "key-\(task)", value: value, expiry: .never))],
                    deadline: .after(.seconds(60)))
            }
            return figures
        }
    }

    private static func waits(_ what: String, _ body: @escaping @Sendable (Int) async throws -> Void) async throws
        -> [Figure]
    {
        var longest: [Double] = []
        var least: [Double] = []
        for turn in 0..<6 {
            let (ratio, share) = try await round(seconds: 2, body)
            // The first one opens the connections.
            guard turn > 0 else { continue }
            longest.append(ratio)
            least.append(share)
        }
        return [
            Figure(
                name, "1,000 tasks, \(what): the longest wait of all next to the mean", value: Spread(longest),
                unit: "×", target: .atMost(3)),
            Figure(
                name, "1,000 tasks, \(what): calls of the task with the fewest next to the mean", value: Spread(least),
                unit: "×", target: .atLeast(0.5)),
        ]
    }

    /// - Returns: The longest wait and the fewest calls of a task, both next to the mean.
    private static func round(seconds: Double, _ body: @escaping @Sendable (Int) async throws -> Void) async throws
        -> (longest: Double, least: Double)
    {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: .seconds(seconds))
        let results = try await withThrowingTaskGroup(of: (calls: Int, sum: Double, longest: Double).self) { group in
            for task in 0..<tasks {
                group.addTask {
                    var (calls, sum, longest) = (0, 0.0, 0.0)
                    var begin = clock.now
                    repeat {
                        try await body(task)
                        let now = clock.now
                        let wait = begin.duration(to: now).seconds
                        calls += 1
                        sum += wait
                        longest = max(longest, wait)
                        begin = now
                    } while begin < end
                    return (calls, sum, longest)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let calls = Double(results.reduce(0) { $0 + $1.calls })
        let mean = results.reduce(0) { $0 + $1.sum } / calls
        let longest = results.map(\.longest).max() ?? .infinity
        let fewest = Double(results.map(\.calls).min() ?? 0)
        return (longest / mean, fewest / (calls / Double(tasks)))
    }
}
#endif
