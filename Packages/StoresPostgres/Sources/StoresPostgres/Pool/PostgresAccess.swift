import StoresCore

/// How a driver reaches the server: over the pool, or on the one connection of a transaction of several tiers.
///
/// In a transaction everything stands between savepoints, so that a statement which fails does not take the transaction
/// with it.
struct PostgresAccess: Sendable {
    let pool: PostgresPool
    let lease: PostgresLease?

    var types: PostgresTypes { pool.types }

    /// As ``PostgresPool/query(_:_:_:isPrepared:deadline:)``.
    func query(
        _ sql: String, _ parameters: [PostgresParameter], _ kind: PostgresKind, isPrepared: Bool = true,
        deadline: Deadline
    ) async throws(StoreError) -> PostgresRows {
        guard lease != nil else {
            return try await pool.query(sql, parameters, kind, isPrepared: isPrepared, deadline: deadline)
        }
        let rows = try await group(
            [PostgresCommand(sql, parameters, isPrepared: isPrepared)], kind, deadline: deadline)
        guard let first = rows.first else { throw StoreError(.internal, "the server gave no answer") }
        return first
    }

    func query(_ sql: String, _ kind: PostgresKind, isPrepared: Bool = true, deadline: Deadline)
        async throws(StoreError) -> PostgresRows
    {
        try await query(sql, [], kind, isPrepared: isPrepared, deadline: deadline)
    }

    /// As ``PostgresPool/group(_:_:batch:deadline:)``.
    func group(_ commands: [PostgresCommand], _ kind: PostgresKind, deadline: Deadline)
        async throws(StoreError) -> [PostgresRows]
    {
        guard let lease else { return try await pool.group(commands, kind, deadline: deadline) }
        if commands.isEmpty { return [] }
        do throws(StoreError) {
            let rows = try await lease.group([Self.begin] + commands + [Self.end], deadline: deadline)
            return Array(rows.dropFirst().dropLast())
        } catch {
            await undo(lease)
            throw error
        }
    }

    /// As ``PostgresPool/transaction(deadline:isolation:_:)``; in a transaction, a part of it.
    func transaction<T: Sendable>(
        deadline: Deadline, _ body: (PostgresLease) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        guard let lease else { return try await pool.transaction(deadline: deadline, body) }
        do throws(StoreError) {
            _ = try await lease.group([Self.begin], deadline: deadline)
            let result = try await body(lease)
            _ = try await lease.group([Self.end], deadline: deadline)
            return result
        } catch {
            await undo(lease)
            throw error
        }
    }

    /// After a failure. Where this fails too the transaction has no future, which its next statement learns.
    private func undo(_ lease: PostgresLease) async {
        // Not prepared: in a transaction that failed nothing can be, before it has gone back.
        _ = try? await lease.group([
            PostgresCommand("ROLLBACK TO SAVEPOINT call", isPrepared: false),
            PostgresCommand("RELEASE SAVEPOINT call", isPrepared: false),
        ])
    }

    private static let begin = PostgresCommand("SAVEPOINT call")
    private static let end = PostgresCommand("RELEASE SAVEPOINT call")
}
