/// All entries of a session store, and what they mean at an instant.
struct InMemorySessionState: Sendable {
    enum Content: Sendable {
        case value(SessionValue)
        case counter(Int64)
        case list([[UInt8]])

        var kind: String {
            switch self {
            case .value: "a value"
            case .counter: "a counter"
            case .list: "a list"
            }
        }
    }

    struct Entry: Sendable {
        var content: Content
        var etag: String
        var expiresAt: Timestamp?
    }

    private struct Expiration: Comparable, Sendable {
        var at: Timestamp
        var key: ByteKey

        static func < (lhs: Expiration, rhs: Expiration) -> Bool {
            lhs.at == rhs.at ? lhs.key < rhs.key : lhs.at < rhs.at
        }
    }

    var leases = InMemoryLeases()
    private var etags = InMemoryEtags()
    private var entries: [ByteKey: Entry] = [:]
    private var order = InMemoryOrderedKeys<ByteKey>()
    private var expirations = InMemoryOrderedKeys<Expiration>()

    /// How many expired entries one operation frees at most.
    private static let purgeCount = 32

    mutating func purge(_ now: Timestamp) {
        for _ in 0..<Self.purgeCount {
            guard let first = expirations.first, first.at <= now else { return }
            store(nil, first.key)
        }
    }

    // MARK: Reading

    func entry(_ key: String, _ now: Timestamp) throws(StoreError) -> SessionEntry? {
        guard let entry = visible(key, now) else { return nil }
        let value: SessionValue
        switch entry.content {
        case .value(let stored): value = stored
        case .counter(let count): value = SessionValue(String(count))
        case .list: throw Self.wrongKind(key, entry.content, wanted: "a value")
        }
        return SessionEntry(value: value, etag: entry.etag, expiresAt: entry.expiresAt)
    }

    func elements(_ key: String, _ count: Int, _ now: Timestamp) throws(StoreError) -> [[UInt8]]? {
        guard let entry = visible(key, now) else { return nil }
        guard case .list(let list) = entry.content else { throw Self.wrongKind(key, entry.content, wanted: "a list") }
        return Array(list.suffix(max(0, count)))
    }

    func scan(_ prefix: String?, _ cursor: Cursor?, _ limit: Int, _ now: Timestamp) throws(StoreError) -> Page<String> {
        var after: ByteKey?
        if let cursor { after = ByteKey(try CursorCodec.decode(cursor, parts: 1...1)[0]) }
        var keys: [String] = []
        var next: Cursor?
        forEachKey(prefix, after: after) { key in
            guard visible(key, now) != nil else { return true }
            if keys.count >= limit {
                next = keys.last.map { CursorCodec.encode([$0]) }
                return false
            }
            keys.append(key.text)
            return true
        }
        return Page(items: keys, next: next)
    }

    // MARK: Writing

    mutating func set(_ write: SessionWrite, _ now: Timestamp, _ ids: any IDGenerator) throws(StoreError)
        -> SessionReceipt
    {
        try leases.check(write.leaseGuard)
        try check(write.condition, write.key, now)
        return try apply(write, now, ids)
    }

    /// False when it was not there.
    mutating func remove(_ key: String, _ now: Timestamp) -> Bool {
        let wasVisible = visible(key, now) != nil
        store(nil, ByteKey(key))
        return wasVisible
    }

    mutating func remove(prefix: String, _ now: Timestamp) -> Int {
        var keys: [ByteKey] = []
        forEachKey(prefix) { key in
            keys.append(key)
            return true
        }
        let count = keys.count { visible($0, now) != nil }
        for key in keys { store(nil, key) }
        return count
    }

    mutating func touch(_ key: String, _ expiry: Expiry, _ now: Timestamp) -> SessionTouch? {
        guard var entry = visible(key, now) else { return nil }
        entry.expiresAt = Self.expiration(expiry, entry, now)
        store(entry, ByteKey(key))
        return SessionTouch(expiresAt: entry.expiresAt)
    }

    mutating func increment(
        _ key: String, _ amount: Int64, _ expiry: Expiry, _ now: Timestamp, _ ids: any IDGenerator
    ) throws(StoreError) -> Int64 {
        let entry = visible(key, now)
        var count: Int64 = 0
        if let entry {
            guard case .counter(let current) = entry.content else {
                throw Self.wrongKind(key, entry.content, wanted: "a counter")
            }
            count = current
        }
        let (sum, overflow) = count.addingReportingOverflow(amount)
        guard !overflow else {
            throw StoreError(
                .preconditionFailed, "the counter would leave the range of a 64-bit integer", resource: key,
                applied: .no)
        }
        store(Entry(content: .counter(sum), entry, expiry, now, &etags, ids), ByteKey(key))
        return sum
    }

    mutating func append(
        _ elements: [[UInt8]], _ key: String, _ keepLast: Int, _ expiry: Expiry, _ now: Timestamp,
        _ ids: any IDGenerator
    ) throws(StoreError) -> Int {
        guard keepLast >= 1 else { throw .invalidArgument("keepLast is at least 1; got \(keepLast)", resource: key) }
        let entry = visible(key, now)
        var list: [[UInt8]] = []
        if let entry {
            guard case .list(let current) = entry.content else {
                throw Self.wrongKind(key, entry.content, wanted: "a list")
            }
            list = current
        } else if elements.isEmpty {
            return 0
        }
        list += elements
        if list.count > keepLast { list.removeFirst(list.count - keepLast) }
        store(Entry(content: .list(list), entry, expiry, now, &etags, ids), ByteKey(key))
        return list.count
    }

    /// Checks every condition and guard against what is there, then applies; a failure on the way is undone.
    mutating func transact(_ operations: [SessionOperation], _ now: Timestamp, _ ids: any IDGenerator)
        throws(StoreError) -> [SessionOutcome]
    {
        for operation in operations {
            switch operation {
            case .set(let write):
                try leases.check(write.leaseGuard)
                try check(write.condition, write.key, now)
            case .delete(let key, let condition), .check(let key, let condition): try check(condition, key, now)
            }
        }
        let before = operations.map { ($0.key, entries[ByteKey($0.key)]) }
        var outcomes: [SessionOutcome] = []
        for operation in operations {
            switch operation {
            case .set(let write):
                do {
                    outcomes.append(.set(try apply(write, now, ids)))
                } catch {
                    for (key, entry) in before.reversed() { store(entry, ByteKey(key)) }
                    throw error
                }
            case .delete(let key, _): outcomes.append(.deleted(remove(key, now)))
            case .check: outcomes.append(.checked)
            }
        }
        return outcomes
    }

    func check(_ condition: SessionCondition, _ key: String, _ now: Timestamp) throws(StoreError) {
        let current = condition == .none ? nil : visible(key, now)?.etag
        let message: String
        switch condition {
        case .none: return
        case .ifAbsent:
            if current == nil { return }
            message = "the key must be absent; it is there"
        case .ifMatch(let etag):
            if let current, ByteKey(current) == ByteKey(etag) { return }
            message = current == nil ? "the key is missing" : "the key has another etag"
        }
        throw StoreError(
            .conflict, message, remedy: "read the key again and repeat the write with its etag", resource: key,
            applied: .no, conflict: .etag(current: current))
    }

    // MARK: Entries

    private mutating func apply(_ write: SessionWrite, _ now: Timestamp, _ ids: any IDGenerator) throws(StoreError)
        -> SessionReceipt
    {
        let current = visible(write.key, now)
        if let current {
            guard case .value = current.content else {
                throw Self.wrongKind(write.key, current.content, wanted: "a value")
            }
        }
        let entry = Entry(content: .value(write.value), current, write.expiry, now, &etags, ids)
        store(entry, ByteKey(write.key))
        return SessionReceipt(etag: entry.etag, expiresAt: entry.expiresAt)
    }

    private func visible(_ key: String, _ now: Timestamp) -> Entry? { visible(ByteKey(key), now) }

    private func visible(_ key: ByteKey, _ now: Timestamp) -> Entry? {
        guard let entry = entries[key] else { return nil }
        if let expiresAt = entry.expiresAt, expiresAt <= now { return nil }
        return entry
    }

    private mutating func store(_ entry: Entry?, _ key: ByteKey) {
        let before = entries[key]
        if let at = before?.expiresAt { expirations.remove(Expiration(at: at, key: key)) }
        if let at = entry?.expiresAt { expirations.insert(Expiration(at: at, key: key)) }
        entries[key] = entry
        if before == nil, entry != nil { order.insert(key) }
        if before != nil, entry == nil { order.remove(key) }
    }

    /// Hands out the keys within a prefix in order: the key that equals it, then those that go on with `/`.
    private func forEachKey(_ prefix: String?, after: ByteKey? = nil, _ body: (ByteKey) -> Bool) {
        guard let prefix else {
            return order.forEach { key in
                after.map { key <= $0 } ?? false
            } _: {
                body($0)
            }
        }
        let exact = ByteKey(prefix)
        if entries[exact] != nil, after.map({ $0 < exact }) ?? true, !body(exact) { return }
        let start = ByteKey(prefix + "/")
        order.forEach { key in
            if let after, key <= after { return true }
            return key < start
        } _: { key in
            key.hasPrefix(start) && body(key)
        }
    }

    fileprivate static func expiration(_ expiry: Expiry, _ entry: Entry?, _ now: Timestamp) -> Timestamp? {
        switch expiry {
        case .keep: entry?.expiresAt
        case .never: nil
        case .after(let duration): now.advanced(by: duration)
        }
    }

    private static func wrongKind(_ key: String, _ content: Content, wanted: String) -> StoreError {
        StoreError(
            .preconditionFailed, "the key holds \(content.kind); the operation wants \(wanted)",
            remedy: "use another key, or delete this one first", resource: key, applied: .no)
    }
}

extension InMemorySessionState.Entry {
    /// What replaces `previous`, under a new etag.
    fileprivate init(
        content: InMemorySessionState.Content, _ previous: InMemorySessionState.Entry?, _ expiry: Expiry,
        _ now: Timestamp, _ etags: inout InMemoryEtags, _ ids: any IDGenerator
    ) {
        self.init(
            content: content, etag: etags.next(ids),
            expiresAt: InMemorySessionState.expiration(expiry, previous, now))
    }
}
