import StoresCore

/// Where a command belongs, by the key that it is about.
enum RedisPlace: Sendable {
    /// A key of the session tier.
    case session(String)
    /// All of the event tier.
    case events
}

/// Commands to whichever server has the keys.
final class RedisClient: Sendable {
    private let node: RedisNode

    init(node: RedisNode) {
        self.node = node
    }

    /// One command.
    func call(_ place: RedisPlace, context: CallContext, _ encode: @Sendable (inout RedisWriter) -> Void)
        async throws(StoreError)
        -> RedisValue
    {
        guard case .one(let value) = try await node.call(count: 1, context: context, encode) else {
            throw .redisUnexpected("one command")
        }
        return value
    }

    /// Many commands in one round trip; each has a reply of its own, which may be an error.
    func call(
        count: Int, context: CallContext, place: (Int) -> RedisPlace,
        _ encode: @Sendable (Int, inout RedisWriter) -> Void
    ) async throws(StoreError) -> [RedisValue] {
        guard count > 0 else { return [] }
        let outcome = try await node.call(count: count, context: context) { writer in
            for index in 0..<count { encode(index, &writer) }
        }
        switch outcome {
        case .one(let value): return [value]
        case .several(let values): return values
        case .failure, .again: throw .redisUnexpected("\(count) commands")
        }
    }

    /// A script, by its digest; and by its text where the server does not have it.
    ///
    /// - Parameters:
    ///   - keys: How many keys `encode` writes first.
    ///   - arguments: How many arguments it writes after them.
    func run(
        _ script: RedisScript, _ place: RedisPlace, context: CallContext, keys: Int, arguments: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisValue {
        let value = try await call(place, context: context) { writer in
            script.begin(&writer, byDigest: true, keys: keys, arguments: arguments)
            encode(&writer)
        }
        guard case .error(let error) = value, error.isCode("NOSCRIPT") else { return try value.checked() }
        return try await call(place, context: context) { writer in
            script.begin(&writer, byDigest: false, keys: keys, arguments: arguments)
            encode(&writer)
        }.checked()
    }

    /// One script many times, in one round trip; each reply may be an error.
    func run(
        _ script: RedisScript, count: Int, context: CallContext, keys: Int, arguments: Int,
        place: (Int) -> RedisPlace, _ encode: @Sendable (Int, inout RedisWriter) -> Void
    ) async throws(StoreError) -> [RedisValue] {
        var values = try await call(count: count, context: context, place: place) { index, writer in
            script.begin(&writer, byDigest: true, keys: keys, arguments: arguments)
            encode(index, &writer)
        }
        let missing = values.indices.filter { values[$0].error?.isCode("NOSCRIPT") ?? false }
        guard !missing.isEmpty else { return values }
        let again = try await call(count: missing.count, context: context, place: { place(missing[$0]) }) {
            index, writer in
            script.begin(&writer, byDigest: false, keys: keys, arguments: arguments)
            encode(missing[index], &writer)
        }
        for (index, value) in zip(missing, again) { values[index] = value }
        return values
    }

    /// One step of a scan: on the server that has the slot, or on one server after the other.
    func scan(
        _ script: RedisScript, slot: Int?, place: RedisScanPlace, context: CallContext, arguments: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> (value: RedisValue, hasMoreServers: Bool) {
        let value = try await run(script, .events, context: context, keys: 0, arguments: arguments, encode)
        return (value, false)
    }

    func close() async {
        await node.close()
    }
}
