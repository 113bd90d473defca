import StoresCore
import Synchronization

/// The reads of single keys by many tasks, in few statements: what the server does for a statement costs it several
/// times what a row does.
final class PostgresSessionReader: Sendable {
    private struct Call {
        var key: String
        var now: Timestamp
    }

    private typealias Batcher = PostgresBatcher<Call, SessionEntry?>

    /// How many keys a batch has at most: fewer where values are large, since all wait for the whole answer.
    private final class Size: Sendable {
        private static let most = 128
        /// What an answer is to have at most.
        private static let bytes = 1 << 20

        private let keys = Atomic<Int>(most)

        var current: Int { keys.load(ordering: .relaxed) }

        func note(_ bytes: Int, of calls: Int) {
            let fitting = bytes > Self.bytes ? max(1, calls * Self.bytes / bytes) : min(Self.most, current * 2)
            keys.store(fitting, ordering: .relaxed)
        }
    }

    private let batcher: Batcher

    init(pool: PostgresPool, work: PostgresWork) {
        let size = Size()
        // Four batches under way were no faster (measured).
        let rules = Batcher.Rules(name: "the read", isWrite: false, batches: 2, calls: { size.current })
        batcher = Batcher(rules, work: work) { calls, deadline, isLone in
            let outcomes = await Self.send(calls, deadline, isLone: isLone, pool)
            if !isLone { size.note(outcomes.reduce(0) { $0 + $1.byteCount }, of: calls.count) }
            return outcomes
        }
    }

    func get(_ key: String, context: CallContext) async throws(StoreError) -> SessionEntry? {
        try await batcher.run(Call(key: key, now: context.now), deadline: context.deadline)
    }

    private static func send(
        _ calls: [Call], _ deadline: Deadline, isLone: Bool, _ pool: PostgresPool
    ) async -> [PostgresEnd<SessionEntry?>] {
        do throws(StoreError) {
            let command =
                calls.count == 1
                ? PostgresSessionEntries.select(calls[0].key) : PostgresSessionEntries.select(calls.map(\.key))
            let answers = try await pool.group(
                [command], .read, batch: isLone ? nil : calls.count, deadline: deadline)
            return try PostgresSessionEntries.read(answers[0], calls) { ($0.key, $0.now) }
        } catch {
            // A damaged row, or an answer beyond the server's memory: the other keys are not to blame. Not where the
            // server gave up (57), or the connection did (08).
            let isOwn = error.sqlState.map { !["08", "57"].contains($0.prefix(2)) } ?? false
            guard isOwn, calls.count > 1 else { return calls.map { _ in .failure(error) } }
            var outcomes: [PostgresEnd<SessionEntry?>] = []
            for call in calls { outcomes += await send([call], deadline, isLone: isLone, pool) }
            return outcomes
        }
    }
}

extension PostgresEnd<SessionEntry?> {
    fileprivate var byteCount: Int {
        if case .success(let entry?) = self { entry.value.bytes.count } else { 0 }
    }
}
