import StoresCore

/// Runs: a hash for each (`r:ID`), of which a delete leaves the version alone, a sorted set of all ids (`R`) and one
/// for each status (`S:STATUS`), in the order of their bytes.
extension RedisEventDriver: RunDriver {
    /// KEYS: run, all ids, ids of the status, lease for a guard. ARGV: id, status, state, version that is wanted or
    /// nothing, now, how the keys of statuses begin, and generation for a guard.
    private static let save = RedisScript(
        """
        if KEYS[4] then
          local current = redis.call('HGET', KEYS[4], 'g') or '0'
          if current ~= ARGV[7] or current == '0' then return {'fenced', current} end
        end
        local found = redis.call('HMGET', KEYS[1], 'v', 's', 'c')
        local version = found[2] and found[1] or '0'
        if ARGV[4] ~= '' and ARGV[4] ~= version then return {'version', version} end
        local created = found[3] or ARGV[5]
        -- First, since the key is not declared: while slots move it may be out of reach, and nothing is taken back.
        if found[2] and found[2] ~= ARGV[2] then redis.call('ZREM', ARGV[6] .. found[2], ARGV[1]) end
        redis.call('HINCRBY', KEYS[1], 'v', 1)
        redis.call('HSET', KEYS[1], 's', ARGV[2], 'd', ARGV[3], 'c', created, 'u', ARGV[5])
        redis.call('ZADD', KEYS[2], 0, ARGV[1])
        redis.call('ZADD', KEYS[3], 0, ARGV[1])
        return {'ok', redis.call('HGET', KEYS[1], 'v'), created}
        """)

    /// KEYS: ids. ARGV: after which, how many, how the keys of runs begin. Replies with id, version, status, state,
    /// when it was created and updated, of each.
    private static let list = RedisScript(
        """
        local found = {}
        for place, id in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], '+', 'LIMIT', 0, ARGV[2])) do
          found[place] = {id, redis.call('HMGET', ARGV[3] .. id, 'v', 's', 'd', 'c', 'u')}
        end
        return found
        """)

    /// KEYS: run, all ids. ARGV: id, how the keys of statuses begin. Replies with 1 when it was there.
    private static let remove = RedisScript(
        """
        local status = redis.call('HGET', KEYS[1], 's')
        if not status then return 0 end
        redis.call('ZREM', ARGV[2] .. status, ARGV[1])
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[1], 's', 'd', 'c', 'u')
        return 1
        """)

    private var statusPrefix: [UInt8] { keys.event("S") + [UInt8(ascii: ":")] }
    private var runPrefix: [UInt8] { keys.event("r") + [UInt8(ascii: ":")] }

    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?, context: CallContext
    ) async throws(StoreError) -> Run {
        let now = context.now
        let prefix = statusPrefix
        let reply = try await client.run(
            Self.save, .events, context: context, keys: leaseGuard == nil ? 3 : 4, arguments: leaseGuard == nil ? 6 : 7
        ) { [keys] writer in
            writer.text(keys.event("r", id))
            writer.text(keys.event("R"))
            writer.text(keys.event("S", status))
            if let leaseGuard { writer.text(keys.event("l", leaseGuard.key)) }
            writer.text(id)
            writer.text(status)
            writer.text(state)
            if let ifVersion { writer.integer(ifVersion) } else { writer.word("") }
            writer.integer(now.millisecondsSinceEpoch)
            writer.text(prefix)
            if let leaseGuard { writer.integer(leaseGuard.generation) }
        }
        guard let parts = reply.array, let word = parts.first?.text else { throw .redisUnexpected("a run") }
        switch word {
        case "fenced": throw RedisLeases.fenced(leaseGuard, current: parts.last?.integer ?? 0)
        case "version":
            let current = parts.last?.integer ?? 0
            let found = current == 0 ? "it does not exist" : "it is at version \(current)"
            throw StoreError(
                .conflict,
                ifVersion == 0 ? "the run must be new; \(found)" : "the run must be at \(ifVersion ?? 0); \(found)",
                remedy: "load the run again and repeat the save with its version", resource: id, applied: .no,
                conflict: .version(current: current))
        default:
            guard parts.count == 3, let version = parts[1].integer, let created = parts[2].integer else {
                throw .redisUnexpected("a run")
            }
            return Run(
                id: id, status: status, state: state, version: version,
                createdAt: Timestamp(millisecondsSinceEpoch: created), updatedAt: now)
        }
    }

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        let reply = try await client.call(.events, context: context) { [keys] writer in
            writer.command(7)
            writer.word("HMGET")
            writer.text(keys.event("r", id))
            for field in ["v", "s", "d", "c", "u"] as [StaticString] { writer.word(field) }
        }.checked()
        return try run(id, reply)
    }

    /// Nil when it was removed.
    private func run(_ id: String, _ fields: RedisValue) throws(StoreError) -> Run? {
        guard let fields = fields.array, fields.count == 5 else { throw .redisUnexpected("a run") }
        guard let version = fields[0].integer, let status = fields[1].text else { return nil }
        guard let state = fields[2].bytes, let created = fields[3].integer,
            let updated = fields[4].integer
        else { throw .redisForeign(id) }
        return Run(
            id: id, status: status, state: state, version: version,
            createdAt: Timestamp(millisecondsSinceEpoch: created), updatedAt: Timestamp(millisecondsSinceEpoch: updated)
        )
    }

    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>
    {
        let limit = min(max(1, limit), 1000)
        var start = Array("-".utf8)
        if let cursor {
            let last = try CursorCodec.bytes(cursor, parts: 1...1)[0]
            guard !last.isEmpty else { throw CursorCodec.refused }
            start = [UInt8(ascii: "(")] + last
        }
        let (first, prefix) = (start, runPrefix)
        let reply = try await client.run(Self.list, .events, context: context, keys: 1, arguments: 3) { [keys] writer in
            writer.text(status.map { keys.event("S", $0) } ?? keys.event("R"))
            writer.text(first)
            // One more tells whether there is another page.
            writer.integer(Int64(limit) + 1)
            writer.text(prefix)
        }
        guard let found = reply.array else { throw .redisUnexpected("a listing of runs") }
        var runs: [Run] = []
        var last: String?
        for pair in found.prefix(limit) {
            guard let pair = pair.array, pair.count == 2, let id = pair[0].text else {
                throw .redisUnexpected("a listing of runs")
            }
            last = id
            if let run = try run(id, pair[1]) { runs.append(run) }
        }
        return Page(items: runs, next: found.count > limit ? last.map { CursorCodec.encode([$0]) } : nil)
    }

    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        let prefix = statusPrefix
        let reply = try await client.run(Self.remove, .events, context: context, keys: 2, arguments: 2) {
            [keys] writer in
            writer.text(keys.event("r", id))
            writer.text(keys.event("R"))
            writer.text(id)
            writer.text(prefix)
        }
        return reply == .integer(1)
    }

    // MARK: Leases

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
