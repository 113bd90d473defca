/// Leases with fencing (S9), as the session and the event tier have them.
struct InMemoryLeases: Sendable {
    private struct Grant {
        /// Stays when the lease ends, so that none is used again.
        var generation: Int64
        /// Nil once released.
        var expiresAt: Timestamp?
    }

    private var grants: [ByteKey: Grant] = [:]

    mutating func acquire(_ key: String, _ ttl: Duration, _ now: Timestamp) -> Lease? {
        let grant = grants[ByteKey(key)]
        if let expiresAt = grant?.expiresAt, now < expiresAt { return nil }
        let lease = Lease(
            key: key, generation: (grant?.generation ?? 0) &+ 1, expiresAt: now.advanced(by: ttl))
        grants[ByteKey(key)] = Grant(generation: lease.generation, expiresAt: lease.expiresAt)
        return lease
    }

    mutating func renew(_ lease: Lease, _ ttl: Duration, _ now: Timestamp) throws(StoreError) -> Lease {
        guard isHeld(lease, now) else {
            throw StoreError(
                .preconditionFailed, "the lease was superseded, was released or has expired",
                remedy: "acquire it anew and redo what was done under it", resource: lease.key, applied: .no,
                conflict: .version(current: grants[ByteKey(lease.key)]?.generation ?? 0))
        }
        let renewed = Lease(key: lease.key, generation: lease.generation, expiresAt: now.advanced(by: ttl))
        grants[ByteKey(lease.key)]?.expiresAt = renewed.expiresAt
        return renewed
    }

    mutating func release(_ lease: Lease, _ now: Timestamp) -> Bool {
        guard isHeld(lease, now) else { return false }
        grants[ByteKey(lease.key)]?.expiresAt = nil
        return true
    }

    /// Refuses a write whose lease is not the latest that was granted. An expired one that nobody took over passes.
    func check(_ leaseGuard: LeaseGuard?) throws(StoreError) {
        guard let leaseGuard else { return }
        let current = grants[ByteKey(leaseGuard.key)]?.generation ?? 0
        guard current != leaseGuard.generation || current == 0 else { return }
        throw StoreError(
            .preconditionFailed,
            "the write is guarded by generation \(leaseGuard.generation) of a lease; the latest is \(current)",
            remedy: "stop: somebody else holds the lease", resource: leaseGuard.key, applied: .no,
            conflict: .version(current: current))
    }

    private func isHeld(_ lease: Lease, _ now: Timestamp) -> Bool {
        guard let grant = grants[ByteKey(lease.key)], let expiresAt = grant.expiresAt else { return false }
        return grant.generation == lease.generation && now < expiresAt
    }
}
