import StoresCore

/// The reads of single keys by many tasks, in few statements: what the server does for a statement costs it several
/// times what a row does.
final class PostgresSessionReader: Sendable {
    private struct Call {
        var key: String
        var now: Timestamp
        var deadline: Deadline
    }

    private typealias Batcher = PostgresBatcher<Call, SessionEntry?>

    private let batcher: Batcher

    init(pool: PostgresPool, work: PostgresWork) {
        // Four batches under way were no faster (measured).
        let rules = Batcher.Rules(name: "the read", isWrite: false, batches: 2, calls: 128)
        batcher = Batcher(rules, work: work) { calls, isLone in await Self.send(calls, isLone: isLone, pool) }
    }

    func get(_ key: String, context: CallContext) async throws(StoreError) -> SessionEntry? {
        try await batcher.run(
            Call(key: key, now: context.now, deadline: context.deadline), deadline: context.deadline)
    }

    private static func send(_ calls: [Call], isLone: Bool, _ pool: PostgresPool) async
        -> [PostgresEnd<SessionEntry?>]
    {
        do throws(StoreError) {
            let deadline = calls.map(\.deadline).max() ?? .after(.zero)
            let command =
                calls.count == 1
                ? PostgresSessionEntries.select(calls[0].key) : PostgresSessionEntries.select(calls.map(\.key))
            let answers = try await pool.group([command], .read, isLone: isLone, deadline: deadline)
            return try PostgresSessionEntries.read(answers[0], calls) { ($0.key, $0.now) }
        } catch {
            return calls.map { _ in .failure(error) }
        }
    }
}
