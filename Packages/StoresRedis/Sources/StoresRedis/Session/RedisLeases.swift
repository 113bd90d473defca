import StoresCore

/// Leases with fencing (S9): a hash of the latest generation (`g`) and when it ends (`x`, 0 once it was released).
///
/// A generation is the server's time in microseconds, or the one after the last: also where the server has evicted the
/// key, or came back without its last writes, none is given out twice. The key stays when the lease ends, in case the
/// clock is set back: a small one for each name that was ever leased.
struct RedisLeases: Sendable {
    let client: RedisClient
    let place: @Sendable (String) -> RedisPlace
    /// Writes the key of a lease.
    let write: @Sendable (String, inout RedisWriter) -> Void

    /// KEYS: lease. ARGV: now, until when.
    private static let acquire = RedisScript(
        """
        local ends = redis.call('HGET', KEYS[1], 'x')
        if ends and tonumber(ends) > tonumber(ARGV[1]) then return false end
        local time, last = redis.call('TIME'), tonumber(redis.call('HGET', KEYS[1], 'g') or '0')
        local generation = math.max(last + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
        generation = string.format('%.0f', generation)
        redis.call('HSET', KEYS[1], 'g', generation, 'x', ARGV[2])
        return generation
        """)

    /// KEYS: lease. ARGV: now, generation, until when; 0 ends it. Replies with the latest generation when it is lost.
    private static let renew = RedisScript(
        """
        local held = redis.call('HMGET', KEYS[1], 'g', 'x')
        if not held[1] then return {'lost', '0'} end
        if held[1] ~= ARGV[2] or tonumber(held[2] or '0') <= tonumber(ARGV[1]) then return {'lost', held[1]} end
        redis.call('HSET', KEYS[1], 'x', ARGV[3])
        return {'ok'}
        """)

    func acquire(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        let now = context.now
        let expiresAt = now.advanced(by: ttl)
        let reply = try await client.run(Self.acquire, place(key), context: context, keys: 1, arguments: 2) { writer in
            write(key, &writer)
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(expiresAt.millisecondsSinceEpoch)
        }
        if reply.isNull { return nil }
        guard let generation = reply.integer else { throw .redisUnexpected("a lease") }
        return Lease(key: key, generation: generation, expiresAt: expiresAt)
    }

    func renew(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        let expiresAt = context.now.advanced(by: ttl)
        if let current = try await end(lease, at: expiresAt.millisecondsSinceEpoch, context: context) {
            throw StoreError(
                .preconditionFailed, "the lease was superseded, was released or has expired",
                remedy: "acquire it anew and redo what was done under it", resource: lease.key, applied: .no,
                conflict: .version(current: current))
        }
        return Lease(key: lease.key, generation: lease.generation, expiresAt: expiresAt)
    }

    func release(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await end(lease, at: 0, context: context) == nil
    }

    /// - Returns: The latest generation when the lease is not held.
    private func end(_ lease: Lease, at instant: Int64, context: CallContext) async throws(StoreError) -> Int64? {
        let now = context.now
        let reply = try await client.run(Self.renew, place(lease.key), context: context, keys: 1, arguments: 3) {
            writer in
            write(lease.key, &writer)
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(lease.generation)
            writer.integer(instant)
        }
        guard let parts = reply.array, let word = parts.first?.text else { throw .redisUnexpected("a lease") }
        return word == "ok" ? nil : parts.last?.integer ?? 0
    }

    /// What a guarded write is refused with.
    static func fenced(_ leaseGuard: LeaseGuard?, current: Int64) -> StoreError {
        StoreError(
            .preconditionFailed,
            "the write is guarded by generation \(leaseGuard?.generation ?? 0) of a lease; the latest is \(current)",
            remedy: "stop: somebody else holds the lease", resource: leaseGuard?.key, applied: .no,
            conflict: .version(current: current))
    }
}
