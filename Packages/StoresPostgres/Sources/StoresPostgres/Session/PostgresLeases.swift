import StoresCore

/// Leases with fencing (S9), of sessions or of runs: a table for each. A lease's row stays when the lease ends, so that
/// no generation is used again.
struct PostgresLeases {
    let pool: PostgresAccess
    private let acquisition: String
    private let renewal: String
    private let end: String
    private let look: String

    /// - Parameter table: `leases` or `run_leases`.
    init(pool: PostgresAccess, table: StaticString) {
        self.pool = pool
        acquisition = """
            INSERT INTO \(table) AS l (key, generation, expires_at, is_released) VALUES ($1, 1, $3, false)
            ON CONFLICT (key) DO UPDATE SET generation = l.generation + 1, expires_at = $3, is_released = false
            WHERE l.is_released OR l.expires_at <= $2 RETURNING l.generation
            """
        let held = "key = $1 AND generation = $2 AND NOT is_released AND expires_at > $3"
        renewal = "UPDATE \(table) SET expires_at = $4 WHERE \(held)"
        end = "UPDATE \(table) SET is_released = true WHERE \(held)"
        look = "SELECT generation FROM \(table) WHERE key = $1"
    }

    func acquire(_ key: String, _ ttl: Duration, _ context: CallContext) async throws(StoreError) -> Lease? {
        let now = context.now
        let expiresAt = now.advanced(by: ttl)
        let rows = try await pool.query(
            acquisition,
            [.text(key), .int8(now.millisecondsSinceEpoch), .int8(expiresAt.millisecondsSinceEpoch)], .write,
            deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in
            Lease(key: key, generation: try row.int(0), expiresAt: expiresAt)
        }
    }

    func renew(_ lease: Lease, _ ttl: Duration, _ context: CallContext) async throws(StoreError) -> Lease {
        let now = context.now
        let expiresAt = now.advanced(by: ttl)
        let rows = try await pool.query(
            renewal,
            [
                .text(lease.key), .int8(lease.generation), .int8(now.millisecondsSinceEpoch),
                .int8(expiresAt.millisecondsSinceEpoch),
            ], .write, deadline: context.deadline)
        guard rows.affected == 1 else {
            let current = try await generation(lease.key, context.deadline)
            throw StoreError(
                .preconditionFailed, "the lease was superseded, was released or has expired",
                remedy: "acquire it anew and redo what was done under it", resource: lease.key, applied: .no,
                conflict: .version(current: current))
        }
        return Lease(key: lease.key, generation: lease.generation, expiresAt: expiresAt)
    }

    func release(_ lease: Lease, _ context: CallContext) async throws(StoreError) -> Bool {
        let rows = try await pool.query(
            end, [.text(lease.key), .int8(lease.generation), .int8(context.now.millisecondsSinceEpoch)], .write,
            deadline: context.deadline)
        return rows.affected == 1
    }

    /// The latest that was granted; 0 for none.
    func generation(_ key: String, _ deadline: Deadline) async throws(StoreError) -> Int64 {
        try await pool.query(look, [.text(key)], .read, deadline: deadline).first?.int(0) ?? 0
    }

    /// The refusal of a write whose lease is not the latest that was granted. An expired one that nobody took over
    /// passes.
    static func superseded(_ leaseGuard: LeaseGuard, current: Int64) -> StoreError {
        StoreError(
            .preconditionFailed,
            "the write is guarded by generation \(leaseGuard.generation) of a lease; the latest is \(current)",
            remedy: "stop: somebody else holds the lease", resource: leaseGuard.key, applied: .no,
            conflict: .version(current: current))
    }
}
