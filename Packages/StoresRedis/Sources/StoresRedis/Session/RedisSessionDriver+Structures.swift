import StoresCore

extension RedisSessionDriver: StructuredSessionDriver {
    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext) async throws(StoreError)
        -> Int64
    {
        let now = context.now
        let expiry = RedisExpiry(expiry, now: now)
        let etag = etags.next()
        let reply = try await run(RedisSessionScripts.increment, key, context, arguments: 6) { writer in
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(amount)
            writer.word(expiry.mode)
            expiry.writeInstant(to: &writer)
            writer.integer(expiry.ttl)
            writer.text(etag)
        }
        guard let sum = try reply.parts(key, wanted: "a counter").last?.integer else {
            throw .redisUnexpected("an increment")
        }
        return sum
    }

    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        guard keepLast >= 1 else { throw .invalidArgument("keepLast is at least 1; got \(keepLast)", resource: key) }
        guard !elements.isEmpty else { throw .invalidArgument("there is nothing to append", resource: key) }
        let now = context.now
        let expiry = RedisExpiry(expiry, now: now)
        let etag = etags.next()
        // What would be dropped at once need not travel.
        let elements = elements.suffix(keepLast)
        let reply = try await run(RedisSessionScripts.append, key, context, arguments: 6 + elements.count) { writer in
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(Int64(keepLast))
            writer.word(expiry.mode)
            expiry.writeInstant(to: &writer)
            writer.integer(expiry.ttl)
            writer.text(etag)
            for element in elements { writer.text(element) }
        }
        guard let count = try reply.parts(key, wanted: "a list").last?.integer else {
            throw .redisUnexpected("an append")
        }
        return Int(clamping: count)
    }

    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        guard count >= 1 else { return [] }
        let now = context.now
        let reply = try await run(RedisSessionScripts.elements, key, context, arguments: 2) { writer in
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(Int64(count))
        }
        if reply.isNull { return nil }
        guard let elements = try reply.parts(key, wanted: "a list").last?.array else {
            throw .redisUnexpected("the elements of a list")
        }
        return elements.map { $0.bytes ?? [] }
    }
}

extension RedisSessionDriver: LeasingDriver {
    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await leases.acquire(key, ttl: ttl, context: context)
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await leases.renew(lease, ttl: ttl, context: context)
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await leases.release(lease, context: context)
    }
}
