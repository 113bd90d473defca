import StoresCore

/// The session tier.
///
/// A plain read is one GET, and a plain write one SET; whatever has conditions is a script, which runs as one step.
final class RedisSessionDriver: SessionDriver {
    let client: RedisClient
    let keys: RedisKeys
    let etags: RedisEtags
    let leases: RedisLeases
    /// Values up to this size are written by SET with GET, which a key of another kind refuses. It hands back what was
    /// there, mostly a value of about the same size.
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
            guard value.isWrongType else { return [try Self.entry(value, keys[0], now)] }
            return try await counters(keys, now, context)
        }
        let values = try await client.call(
            count: keys.count, context: context, place: { .session(keys[$0]) }
        ) { writeGet(keys[$0], &$1) }
        var entries: [SessionEntry?] = []
        entries.reserveCapacity(keys.count)
        var counters: [Int] = []
        for (index, value) in values.enumerated() {
            if value.isWrongType { counters.append(index) }
            entries.append(value.isWrongType ? nil : try Self.entry(value, keys[index], now))
        }
        let found = try await self.counters(counters.map { keys[$0] }, now, context)
        for (index, entry) in zip(counters, found) { entries[index] = entry }
        return entries
    }

    private func writeGet(_ key: String, _ writer: inout RedisWriter) {
        writer.command(2)
        writer.word("GET")
        keys.write(.entry, key, to: &writer)
    }

    private static func entry(_ value: consuming RedisValue, _ key: String, _ now: Timestamp) throws(StoreError)
        -> SessionEntry?
    {
        switch consume value {
        case .null: return nil
        case .bytes(let bytes): return try RedisEntry.decode(bytes, key: key, now: now)
        case .error(let error): throw .redis(error)
        default: throw .redisUnexpected("GET")
        }
    }

    /// What a plain GET can't read: counters, and the refusal of lists.
    private func counters(_ keys: [String], _ now: Timestamp, _ context: CallContext) async throws(StoreError)
        -> [SessionEntry?]
    {
        let replies = try await client.run(
            RedisSessionScripts.read, count: keys.count, context: context, keys: 1, arguments: 1,
            place: { .session(keys[$0]) }
        ) { index, writer in
            self.keys.write(.entry, keys[index], to: &writer)
            writer.integer(now.millisecondsSinceEpoch)
        }
        var entries: [SessionEntry?] = []
        for (key, reply) in zip(keys, replies) { entries.append(try Self.counter(reply, key, now)) }
        return entries
    }

    private static func counter(_ reply: RedisValue, _ key: String, _ now: Timestamp) throws(StoreError)
        -> SessionEntry?
    {
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
        var plans = writes.map { plan($0, now) }
        if plans.count == 1 {
            // Without the batch's bookkeeping, which most writes need not pay for.
            let plan = plans[0]
            let value = try await client.call(.session(plan.write.key), context: context) { plan.encode(&$0, keys) }
            if let result = Self.receipt(value, &plans[0]) { return [result] }
        }
        var results = [Result<SessionReceipt, StoreError>?](repeating: nil, count: plans.count)
        var open = Array(plans.indices)
        var rounds = 0
        while !open.isEmpty, rounds < 3 {
            let (indices, now) = (open, plans)
            open = []
            rounds += 1
            do throws(StoreError) {
                let values = try await client.call(
                    count: indices.count, context: context, place: { .session(now[indices[$0]].write.key) }
                ) { now[indices[$0]].encode(&$1, keys) }
                for (index, value) in zip(indices, values) {
                    results[index] = Self.receipt(value, &plans[index])
                    if results[index] == nil { open.append(index) }
                }
            } catch {
                // The others are done: it is the failure of these alone.
                guard indices.count < plans.count else { throw error }
                for index in indices { results[index] = .failure(error) }
            }
        }
        return results.map { $0 ?? .failure(.redisUnexpected("a write")) }
    }

    private func plan(_ write: SessionWrite, _ now: Timestamp) -> RedisSessionWrite {
        let isPlain =
            write.condition == .none && write.leaseGuard == nil && write.expiry != .keep
            && write.value.bytes.count <= Self.plainWriteBytes
        return RedisSessionWrite(
            write: write, expiry: RedisExpiry(write.expiry, now: now), etag: etags.next(),
            now: now.millisecondsSinceEpoch, form: isPlain ? .plain : .script)
    }

    /// - Returns: Nil when the write is to be sent again in the form that it has then.
    private static func receipt(_ value: RedisValue, _ plan: inout RedisSessionWrite)
        -> Result<SessionReceipt, StoreError>?
    {
        if case .error(let error) = value {
            switch plan.form {
            // The key holds another kind, or did until it expired: the script can tell.
            case .plain where error.isCode("WRONGTYPE"): plan.form = .script
            case .script where error.isCode("NOSCRIPT"): plan.form = .text
            default: return .failure(.redis(error))
            }
            return nil
        }
        // The script replies with a number where the entry is just as it was sent.
        if plan.form == .plain || value == .integer(1) {
            return .success(SessionReceipt(etag: plan.etag, expiresAt: plan.expiry.timestamp))
        }
        do throws(StoreError) {
            let parts = try value.parts(plan.write.key, wanted: "a value", leaseGuard: plan.write.leaseGuard)
            guard let expires = parts.last?.bytes else { throw .redisUnexpected("a write") }
            return .success(SessionReceipt(etag: plan.etag, expiresAt: RedisEntry.expiry(expires)))
        } catch {
            return .failure(error)
        }
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
        for value in values {
            do throws(StoreError) {
                deleted.append(try value.checked() == .integer(1))
            } catch {
                throw values.count == 1 ? error : error.forSome
            }
        }
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
    /// The key holds another kind than the command wants.
    var isWrongType: Bool {
        if case .error(let error) = self { error.isCode("WRONGTYPE") } else { false }
    }

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
