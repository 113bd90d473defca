import StoresCore
import Synchronization

/// The appends of many tasks in few statements, each to a stream of its own.
final class PostgresAppender: Sendable {
    /// How many appends a transaction has made, which are announced when it has committed.
    final class Count: Sendable {
        private let number = Atomic<Int>(0)

        var any: Bool { number.load(ordering: .acquiring) > 0 }

        func add() { number.add(1, ordering: .acquiringAndReleasing) }
    }

    private typealias Batcher = PostgresBatcher<PostgresAppend, AppendResult?>

    private let batcher: Batcher

    /// - Parameter onAppend: Called after each commit.
    init(pool: PostgresPool, work: PostgresWork, onAppend: @escaping @Sendable () -> Void) {
        // More than two batches bring nothing (measured), and would make them smaller.
        let rules = Batcher.Rules(
            name: "the append", isWrite: true, batches: 2, calls: { 512 }, bytes: 4 << 20,
            size: { $0.events.reduce(0) { $0 + $1.data.count } }, key: { PostgresKey($0.stream) })
        batcher = Batcher(rules, work: work) { appends, deadline, isLone in
            await Self.send(appends, deadline, isLone: isLone, pool, onAppend)
        }
    }

    /// - Returns: Nil when it was not appended, since its demand is not met or its events are there already.
    func append(_ append: PostgresAppend) async throws(StoreError) -> AppendResult? {
        try await batcher.run(append, deadline: append.deadline)
    }

    private static func send(
        _ appends: [PostgresAppend], _ deadline: Deadline, isLone: Bool, _ pool: PostgresPool,
        _ onAppend: @Sendable () -> Void
    ) async -> [PostgresEnd<AppendResult?>] {
        do throws(StoreError) {
            let answers = try await pool.group(
                [PostgresAppendStatement.command(appends)], .write, batch: isLone ? nil : appends.count,
                deadline: deadline)
            let results = try PostgresAppendStatement.results(answers[0], appends)
            if !answers[0].isEmpty { onAppend() }
            return results.map { .success($0) }
        } catch {
            // The same event at the same moment by somebody else: the next look finds it there.
            if error.code == .alreadyExists, appends.count == 1 { return [.success(nil)] }
            // Values, constraints, syntax, limits: the others are not to blame for the server's state.
            let isOwn = ["21", "22", "23", "42", "54"].contains(error.sqlState?.prefix(2) ?? "")
            guard isOwn, appends.count > 1 else { return appends.map { _ in .failure(error) } }
            // One of them is at fault: each by itself.
            var outcomes: [PostgresEnd<AppendResult?>] = []
            for append in appends { outcomes += await send([append], append.deadline, isLone: isLone, pool, onAppend) }
            return outcomes
        }
    }
}
