import StoresCore
import Synchronization

/// How much a transaction sees of others.
enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

/// A connection that one task has for itself. Not to be kept beyond the closure that it is given to, nor used by two
/// tasks at once.
final class PostgresLease: Sendable {
    private struct State {
        /// Sent in front of the first statement, in the same round trip.
        var begin: String?
        var isFirst = true
        /// A statement was given up while the server worked on it.
        var isAbandoned = false
    }

    let pool: PostgresPool
    let connection: PostgresConnection
    let deadline: Deadline
    private let state: Mutex<State>
    private let isTransaction: Bool

    init(_ pool: PostgresPool, _ connection: PostgresConnection, deadline: Deadline, begin: String? = nil) {
        self.pool = pool
        self.connection = connection
        self.deadline = deadline
        isTransaction = begin != nil
        state = Mutex(State(begin: begin))
    }

    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }
    /// Nobody knows what the connection is doing: it is not to be used again.
    func abandon() { state.withLock { $0.isAbandoned = true } }
    /// BEGIN has been sent.
    var hasBegun: Bool { isTransaction && state.withLock { $0.begin == nil } }

    func query(_ sql: String, _ parameters: [PostgresParameter] = [], isPrepared: Bool = true)
        async throws(StoreError) -> PostgresRows
    {
        let rows = try await group([PostgresCommand(sql, parameters, isPrepared: isPrepared)])
        guard let first = rows.first else { throw StoreError(.internal, "the server gave no answer") }
        return first
    }

    /// Several statements in one round trip. In a transaction they belong to it; otherwise they are one.
    ///
    /// - Parameter deadline: Where it is earlier than the lease's.
    func group(_ commands: [PostgresCommand], deadline: Deadline? = nil) async throws(StoreError) -> [PostgresRows] {
        if commands.isEmpty { return [] }
        if isAbandoned { throw .rolledBack }
        let deadline = min(deadline ?? self.deadline, self.deadline)
        let (begin, isFirst) = state.withLock { state in
            defer {
                state.begin = nil
                state.isFirst = false
            }
            return (state.begin, state.isFirst)
        }
        let all = (begin.map { [PostgresCommand($0, isPrepared: false)] } ?? []) + commands
        let rows = try await run(all, deadline, setsTimeout: isFirst || !isTransaction)
        return begin == nil ? rows : Array(rows.dropFirst())
    }

    private func run(_ commands: [PostgresCommand], _ deadline: Deadline, setsTimeout: Bool)
        async throws(StoreError) -> [PostgresRows]
    {
        let request = PostgresRequest(
            try pool.encode(commands), .write, deadline: deadline.instant, setsTimeout: setsTimeout,
            serverDeadline: self.deadline.instant)
        let outcome = await connection.run(request)
        if case .rows(let rows) = outcome { return rows }
        switch outcome {
        case .cancelled(wasSent: true), .timedOut(wasSent: true): state.withLock { $0.isAbandoned = true }
        default: break
        }
        let error = pool.error(outcome, .write, connection)
        // Before COMMIT nothing of a transaction is applied.
        guard isTransaction, error.applied == .unknown else { throw error }
        throw error.notApplied
    }

    /// `COPY … FROM STDIN (FORMAT binary)`.
    ///
    /// - Parameter next: Gives the next part of ``PostgresCopyWriter``'s output until nil; called on a thread of the
    ///   adapter's own, which it may keep busy.
    /// - Returns: How many rows were taken.
    func copyIn(_ sql: String, _ next: @escaping @Sendable () throws(StoreError) -> [UInt8]?)
        async throws(StoreError) -> Int
    {
        if state.withLock({ $0.begin != nil }) { _ = try await group([PostgresCommand("SELECT 1")]) }
        let (deadline, pool, connection) = (deadline, pool, connection)
        return try await alone { handle throws(StoreError) in
            do throws(StoreError) {
                return try handle.copyIn(sql, deadline: deadline, next)
            } catch {
                if case .some(let failure) = error.underlying as? PostgresFailure, failure.sqlState != nil {
                    throw pool.error(.failed(failure), .write, connection)
                }
                throw error
            }
        }
    }

    /// Statements separated by semicolons, without parameters: DDL.
    func script(_ sql: String) async throws(StoreError) {
        if state.withLock({ $0.begin != nil }) { _ = try await group([PostgresCommand("SELECT 1")]) }
        let deadline = deadline
        try await alone { handle throws(StoreError) in try handle.script(sql, deadline: deadline) }
    }

    private func alone<T: Sendable>(_ body: @escaping @Sendable (PQHandle) throws(StoreError) -> T)
        async throws(StoreError) -> T
    {
        if Task.isCancelled { throw .cancelled(applied: .no) }
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(try await connection.alone(body))
            } catch {
                return .failure(error)
            }
        } onCancel: {
            // What blocks on the socket returns with an error. Whoever has the connection next is not to be hit.
            abandon()
            pool.cancel(connection)
        }
        guard case .failure(let error) = result else { return try result.get() }
        if Task.isCancelled { throw .cancelled(applied: .no) }
        throw isTransaction ? error.notApplied : error
    }
}

extension PostgresPool {
    /// A connection of one's own, without a transaction around it.
    func withConnection<T: Sendable>(
        deadline: Deadline, _ body: (PostgresLease) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let connection = try await lease(deadline)
        let lease = PostgresLease(self, connection, deadline: deadline)
        do throws(StoreError) {
            let result = try await body(lease)
            end(lease)
            return result
        } catch {
            end(lease)
            throw error
        }
    }

    /// A transaction on a connection of one's own: commits when the body returns, rolls back when it throws.
    ///
    /// - Throws: What the body throws. A lost connection at the commit is `unavailable` with `applied: .unknown`; a
    ///   deadlock or a failed serialisation is a retryable `unavailable` with `applied: .no`.
    func transaction<T: Sendable>(
        deadline: Deadline, isolation: PostgresIsolation = .readCommitted,
        _ body: (PostgresLease) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let connection = try await lease(deadline)
        let lease = PostgresLease(
            self, connection, deadline: deadline, begin: "BEGIN ISOLATION LEVEL \(isolation.rawValue)")
        do throws(StoreError) {
            let result = try await body(lease)
            try await commit(lease)
            end(lease)
            return result
        } catch {
            await rollBack(lease)
            end(lease)
            throw error
        }
    }

    private func commit(_ lease: PostgresLease) async throws(StoreError) {
        guard lease.hasBegun else { return }
        if Task.isCancelled { throw .cancelled(applied: .no) }
        if lease.isAbandoned { throw .rolledBack }
        let request = PostgresRequest(
            try encode([PostgresCommand("COMMIT")]), .write, deadline: lease.deadline.instant, setsTimeout: false)
        let outcome = await lease.connection.run(request)
        guard case .rows(let rows) = outcome else {
            lease.abandon()
            throw error(outcome, .write, lease.connection)
        }
        // A transaction in which a statement failed answers COMMIT with a rollback.
        guard rows.first?.tag == "COMMIT" else {
            throw StoreError(.internal, "the transaction had failed and was rolled back", applied: .no)
        }
    }

    private func rollBack(_ lease: PostgresLease) async {
        guard lease.hasBegun, !lease.isAbandoned, !lease.connection.isClosed,
            let commands = try? encode([PostgresCommand("ROLLBACK")])
        else { return }
        // Also for a cancelled task: a request of its own, which nothing cancels.
        let deadline = MonotonicInstant.now.advanced(by: .seconds(2))
        let connection = lease.connection
        let request = PostgresRequest(commands, .write, deadline: deadline, setsTimeout: false)
        let outcome = await connection.run(request, isCancellable: false)
        if case .rows = outcome { return }
        lease.abandon()
    }

    private func end(_ lease: PostgresLease) {
        if lease.isAbandoned {
            cancel(lease.connection)
            return giveBack(lease.connection, isUsable: false, closes: false)
        }
        giveBack(lease.connection, isUsable: lease.connection.isFree)
    }
}

extension StoreError {
    /// The same error of something that took no effect.
    var notApplied: StoreError {
        StoreError(
            code, message, remedy: remedy, endpoint: endpoint, resource: resource, applied: .no, conflict: conflict,
            isRetryable: isRetryable, isLocal: isLocal, phase: phase, underlying: underlying)
    }

    /// A statement before this one was given up, and with it the transaction.
    fileprivate static let rolledBack = StoreError(
        .unavailable, "a statement of the transaction was given up, and the transaction rolled back",
        remedy: "repeat the transaction as a whole", applied: .no, isRetryable: true, isLocal: true)
}
