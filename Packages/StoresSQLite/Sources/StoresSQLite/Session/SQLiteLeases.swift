#if SQLite
import StoresCore

/// Leases with fencing (S9) of one of the two spaces that have them: sessions and runs. A lease's row stays when
/// the lease ends, so that no generation is used again.
struct SQLiteLeases {
    let space: String

    func acquire(_ key: String, _ ttl: Duration, _ now: Timestamp, _ connection: SQLiteConnection)
        throws(StoreError) -> Lease?
    {
        let grant = try grant(key, connection)
        if let grant, grant.isHeld(now) { return nil }
        let (generation, overflow) = (grant?.generation ?? 0).addingReportingOverflow(1)
        guard !overflow else { throw StoreError(.internal, "the lease has no generations left", applied: .no) }
        let expiresAt = now.advanced(by: ttl)
        try connection.run(
            """
            INSERT INTO stores_leases (space, key, generation, expires_at, is_released) VALUES (?1, ?2, ?3, ?4, 0)
            ON CONFLICT (space, key) DO UPDATE
            SET generation = excluded.generation, expires_at = excluded.expires_at, is_released = 0
            """,
            [.text(space), .text(key), .int(generation), .int(expiresAt.millisecondsSinceEpoch)])
        return Lease(key: key, generation: generation, expiresAt: expiresAt)
    }

    func renew(_ lease: Lease, _ ttl: Duration, _ now: Timestamp, _ connection: SQLiteConnection)
        throws(StoreError) -> Lease
    {
        let grant = try grant(lease.key, connection)
        guard let grant, grant.generation == lease.generation, grant.isHeld(now) else {
            throw StoreError(
                .preconditionFailed, "the lease was superseded, was released or has expired",
                remedy: "acquire it anew and redo what was done under it", resource: lease.key, applied: .no,
                conflict: .version(current: grant?.generation ?? 0))
        }
        let expiresAt = now.advanced(by: ttl)
        try connection.run(
            "UPDATE stores_leases SET expires_at = ?3 WHERE space = ?1 AND key = ?2",
            [.text(space), .text(lease.key), .int(expiresAt.millisecondsSinceEpoch)])
        return Lease(key: lease.key, generation: lease.generation, expiresAt: expiresAt)
    }

    func release(_ lease: Lease, _ now: Timestamp, _ connection: SQLiteConnection) throws(StoreError) -> Bool {
        let grant = try grant(lease.key, connection)
        guard let grant, grant.generation == lease.generation, grant.isHeld(now) else { return false }
        try connection.run(
            "UPDATE stores_leases SET is_released = 1 WHERE space = ?1 AND key = ?2",
            [.text(space), .text(lease.key)])
        return true
    }

    /// Refuses a write whose lease is not the latest that was granted. An expired one that nobody took over passes.
    func check(_ leaseGuard: LeaseGuard?, _ connection: SQLiteConnection) throws(StoreError) {
        guard let leaseGuard else { return }
        let current = try grant(leaseGuard.key, connection)?.generation ?? 0
        guard current != leaseGuard.generation || current == 0 else { return }
        throw StoreError(
            .preconditionFailed,
            "the write is guarded by generation \(leaseGuard.generation) of a lease; the latest is \(current)",
            remedy: "stop: somebody else holds the lease", resource: leaseGuard.key, applied: .no,
            conflict: .version(current: current))
    }

    private struct Grant {
        var generation: Int64
        var expiresAt: Timestamp
        var isReleased: Bool

        func isHeld(_ now: Timestamp) -> Bool { !isReleased && now < expiresAt }
    }

    private func grant(_ key: String, _ connection: SQLiteConnection) throws(StoreError) -> Grant? {
        try connection.first(
            "SELECT generation, expires_at, is_released FROM stores_leases WHERE space = ?1 AND key = ?2",
            [.text(space), .text(key)]
        ) { row in
            Grant(generation: row.int(0), expiresAt: row.timestamp(1), isReleased: row.int(2) != 0)
        }
    }
}
#endif
