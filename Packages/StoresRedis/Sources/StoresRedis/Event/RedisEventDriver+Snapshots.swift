import StoresCore

/// Snapshots: a sorted set of a stream's revisions (`n:NAME`) and a hash of what they hold (`N:NAME`). Revisions are
/// written with 19 digits, so that their order is that of their bytes, which a sorted set knows as well.
extension RedisEventDriver: SnapshotDriver {
    /// KEYS: set, hash. ARGV: revision, data.
    private static let save = RedisScript(
        """
        redis.call('ZADD', KEYS[1], 0, ARGV[1])
        redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
        return 1
        """)

    /// KEYS: set, hash. ARGV: the newest revision that is wanted, how many.
    private static let load = RedisScript(
        """
        local found = {}
        for place, revision in ipairs(
          redis.call('ZREVRANGEBYLEX', KEYS[1], ARGV[1], '-', 'LIMIT', 0, ARGV[2])) do
          found[place] = {revision, redis.call('HGET', KEYS[2], revision)}
        end
        return found
        """)

    /// KEYS: set, hash. ARGV: below which revision. Replies with how many there were.
    private static let remove = RedisScript(
        """
        local count = 0
        for _, revision in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '-', ARGV[1])) do
          redis.call('ZREM', KEYS[1], revision)
          redis.call('HDEL', KEYS[2], revision)
          count = count + 1
        end
        return count
        """)

    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        _ = try await run(Self.save, snapshot.stream, context, arguments: 2) { writer in
            writer.text(Self.digits(snapshot.revision))
            writer.text(snapshot.data)
        }
    }

    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        let reply = try await run(Self.load, stream, context, arguments: 2) { writer in
            if let atOrBefore { writer.text([UInt8(ascii: "[")] + Self.digits(atOrBefore)) } else { writer.word("+") }
            writer.integer(Int64(min(max(0, limit), 10_000)))
        }
        guard let found = reply.array else { throw .redisUnexpected("snapshots") }
        return found.compactMap { pair in
            guard let pair = pair.array, pair.count == 2, let revision = pair[0].integer, let data = pair[1].bytes
            else {
                return nil
            }
            return Snapshot(stream: stream, revision: revision, data: data)
        }
    }

    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int {
        let reply = try await run(Self.remove, stream, context, arguments: 1) { writer in
            if let before { writer.text([UInt8(ascii: "(")] + Self.digits(before)) } else { writer.word("+") }
        }
        return Int(clamping: reply.integer ?? 0)
    }

    private func run(
        _ script: RedisScript, _ stream: String, _ context: CallContext, arguments: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisValue {
        try await client.run(script, .events, context: context, keys: 2, arguments: arguments) { writer in
            writer.text(keys.event("n", stream))
            writer.text(keys.event("N", stream))
            encode(&writer)
        }
    }

    private static func digits(_ revision: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        RedisExpiry.append(revision, digits: 19, to: &bytes)
        return bytes
    }
}
