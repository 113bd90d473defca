import StoresCore
import Synchronization

/// The session tier.
///
/// A plain read is one GET, and a plain write one SET; whatever has conditions is a script, which runs as one step.
final class RedisSessionDriver: SessionDriver {
    let client: RedisClient
    let keys: RedisKeys
    let etags: RedisEtags
    let leases: RedisLeases
    /// SET with GET came with Redis 6.2.
    private let lacksSetGet = Atomic<Bool>(false)

    /// Values up to this size are written by SET, which hands back the value that was there.
    private static let plainWriteBytes = 16 << 10

    init(client: RedisClient, keys: RedisKeys, etags: RedisEtags) {
        self.client = client
        self.keys = keys
        self.etags = etags
        leases = RedisLeases(client: client, place: { .session($0) }, write: { keys.write(.lease, $0, to: &$1) })
    }

    // MARK: Reading

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        let now = context.now
        if keys.count == 1 {
            let value = try await client.call(.session(keys[0]), context: context) { writer in
                writeGet(keys[0], &writer)
            }
            return [try await entry(value, keys[0], now, context)]
        }
        let values = try await client.call(
            count: keys.count, context: context, place: { .session(keys[$0]) }
        ) { writeGet(keys[$0], &$1) }
        var entries: [SessionEntry?] = []
        entries.reserveCapacity(keys.count)
        for (key, value) in zip(keys, values) { entries.append(try await entry(value, key, now, context)) }
        return entries
    }

    private func writeGet(_ key: String, _ writer: inout RedisWriter) {
        writer.command(2)
        writer.word("GET")
        keys.write(.entry, key, to: &writer)
    }

    private func entry(_ value: RedisValue, _ key: String, _ now: Timestamp, _ context: CallContext)
        async throws(StoreError) -> SessionEntry?
    {
        switch value {
        case .null: return nil
        case .bytes(let bytes): return try RedisEntry.decode(bytes, key: key, now: now)
        // A counter or a list.
        case .error(let error) where error.isCode("WRONGTYPE"): return try await counter(key, now, context)
        default:
            _ = try value.checked()
            throw .redisUnexpected("GET")
        }
    }

    private func counter(_ key: String, _ now: Timestamp, _ context: CallContext) async throws(StoreError)
        -> SessionEntry?
    {
        let reply = try await run(RedisSessionScripts.read, key, context, arguments: 1) {
            $0.integer(now.millisecondsSinceEpoch)
        }
        if reply.isNull { return nil }
        let parts = try reply.parts(key, wanted: "a value")
        if parts.first?.text == "value" {
            // It was replaced between the two.
            guard let bytes = parts.last?.bytes else { return nil }
            return try RedisEntry.decode(bytes, key: key, now: now)
        }
        guard parts.count == 4, let etag = parts[1].text, let expires = parts[2].bytes, let number = parts[3].text
        else {
            throw .redisUnexpected("a read")
        }
        return SessionEntry(value: SessionValue(number), etag: etag, expiresAt: RedisEntry.expiry(expires))
    }

    // MARK: Writing

    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        let now = context.now
        for write in writes { try checkSlots(write.key, write.leaseGuard) }
        let plans = writes.map { plan($0, now) }
        if plans.count == 1, let plan = plans.first {
            let value = try await client.call(.session(plan.write.key), context: context) { plan.encode(&$0, keys) }
            return [try await receipt(value, plan, now, context)]
        }
        let values = try await client.call(
            count: plans.count, context: context, place: { .session(plans[$0].write.key) }
        ) { plans[$0].encode(&$1, keys) }
        var results: [Result<SessionReceipt, StoreError>] = []
        results.reserveCapacity(plans.count)
        for (plan, value) in zip(plans, values) { results.append(try await receipt(value, plan, now, context)) }
        return results
    }

    private func plan(_ write: SessionWrite, _ now: Timestamp) -> RedisSessionWrite {
        let isPlain =
            write.condition == .none && write.leaseGuard == nil && write.expiry != .keep
            && write.value.bytes.count <= Self.plainWriteBytes && !lacksSetGet.load(ordering: .relaxed)
        return RedisSessionWrite(
            write: write, expiry: RedisExpiry(write.expiry, now: now), etag: etags.next(),
            now: now.millisecondsSinceEpoch, form: isPlain ? .plain : .script)
    }

    private func receipt(_ value: RedisValue, _ plan: RedisSessionWrite, _ now: Timestamp, _ context: CallContext)
        async throws(StoreError) -> Result<SessionReceipt, StoreError>
    {
        if plan.form == .plain {
            guard case .error(let error) = value else {
                return .success(SessionReceipt(etag: plan.etag, expiresAt: plan.expiry.timestamp))
            }
            // The key holds another kind, or did until it expired: the script can tell. Or the server is an old one.
            if error.text.hasPrefix("ERR syntax error") {
                lacksSetGet.store(true, ordering: .relaxed)
            } else if !error.isCode("WRONGTYPE") {
                return .failure(.redis(error))
            }
            return try await repeated(plan, .script, context)
        }
        if case .error(let error) = value {
            guard error.isCode("NOSCRIPT"), plan.form == .script else { return .failure(.redis(error)) }
            return try await repeated(plan, .text, context)
        }
        do throws(StoreError) {
            let parts = try value.parts(plan.write.key, wanted: "a value", leaseGuard: plan.write.leaseGuard)
            guard let expires = parts.last?.bytes else { throw .redisUnexpected("a write") }
            return .success(SessionReceipt(etag: plan.etag, expiresAt: RedisEntry.expiry(expires)))
        } catch {
            return .failure(error)
        }
    }

    private func repeated(_ plan: RedisSessionWrite, _ form: RedisSessionWrite.Form, _ context: CallContext)
        async throws(StoreError) -> Result<SessionReceipt, StoreError>
    {
        var plan = plan
        plan.form = form
        let again = plan
        let value = try await client.call(.session(plan.write.key), context: context) { again.encode(&$0, keys) }
        return try await receipt(value, again, Timestamp(millisecondsSinceEpoch: plan.now), context)
    }

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError) -> [Bool]
    {
        guard condition == .none else {
            let outcomes = try await transact(
                keys.map { .delete(key: $0, condition: condition) }, context: context)
            return outcomes.map { $0 == .deleted(true) }
        }
        let now = context.now.millisecondsSinceEpoch
        let values = try await client.run(
            RedisSessionScripts.delete, count: keys.count, context: context, keys: 1, arguments: 1,
            place: { .session(keys[$0]) }
        ) { index, writer in
            self.keys.write(.entry, keys[index], to: &writer)
            writer.integer(now)
        }
        var deleted: [Bool] = []
        for value in values { deleted.append(try value.checked() == .integer(1)) }
        return deleted
    }

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        let now = context.now
        let expiry = RedisExpiry(expiry, now: now)
        let reply = try await run(RedisSessionScripts.touch, key, context, arguments: 4) { writer in
            writer.integer(now.millisecondsSinceEpoch)
            writer.word(expiry.mode)
            expiry.writeInstant(to: &writer)
            writer.integer(expiry.ttl)
        }
        if reply.isNull { return nil }
        guard let expires = try reply.parts(key, wanted: "a value").last?.bytes else {
            throw .redisUnexpected("a touch")
        }
        return SessionTouch(expiresAt: RedisEntry.expiry(expires))
    }

    /// A script about one key.
    func run(
        _ script: RedisScript, _ key: String, _ context: CallContext, arguments: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) async throws(StoreError) -> RedisValue {
        try await client.run(script, .session(key), context: context, keys: 1, arguments: arguments) { writer in
            keys.write(.entry, key, to: &writer)
            encode(&writer)
        }
    }
}

extension RedisValue {
    /// A script's reply without its first word, when that is `ok`; otherwise what it means is thrown.
    func parts(_ key: String, wanted: String, leaseGuard: LeaseGuard? = nil) throws(StoreError) -> [RedisValue] {
        guard let parts = try checked().array, let word = parts.first?.text else { throw .redisUnexpected("a script") }
        switch word {
        case "conflict":
            let current = parts.count > 1 ? parts[1].text : nil
            throw StoreError(
                .conflict,
                current == nil ? "the key is missing" : "the key is there, with another etag than the write wants",
                remedy: "read the key again and repeat the write with its etag", resource: key, applied: .no,
                conflict: .etag(current: current))
        case "kind":
            let kind = parts.count > 1 ? parts[1].text ?? "another kind" : "another kind"
            throw StoreError(
                .preconditionFailed, "the key holds \(kind); the operation wants \(wanted)",
                remedy: "use another key, or delete this one first", resource: key, applied: .no)
        case "overflow":
            throw StoreError(
                .preconditionFailed, "the counter would leave the range of a 64-bit integer", resource: key,
                applied: .no)
        case "fenced": throw RedisLeases.fenced(leaseGuard, current: parts.last?.integer ?? 0)
        case "foreign": throw .redisForeign(key)
        default: return parts
        }
    }
}
