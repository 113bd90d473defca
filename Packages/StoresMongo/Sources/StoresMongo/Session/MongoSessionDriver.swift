import StoresCore

/// The session tier: a document for each key. Every change of one is a single write, conditional on what it replaces.
struct MongoSessionDriver: SessionDriver {
    /// How often a write that lost to another is repeated.
    static let attempts = 32

    let clients: MongoClients
    let leases: MongoLeases

    init(clients: MongoClients) {
        self.clients = clients
        leases = MongoLeases(clients: clients, collection: .sessionLeases)
    }

    // MARK: Reading

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        let now = context.now
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            if keys.count == 1 {
                let entry = try connection.find(.sessions, id: keys[0]).map(MongoEntry.init)
                return [entry?.isVisible(now) == true ? try entry?.entry() : nil]
            }
            let found = try Self.entries(keys, connection, fields: nil)
            var entries: [SessionEntry?] = []
            for key in keys {
                let entry = found[Array(key.utf8)]
                entries.append(entry?.isVisible(now) == true ? try entry?.entry() : nil)
            }
            return entries
        }
    }

    /// What is there under the keys, by their bytes, visible or not.
    static func entries(_ keys: [String], _ connection: MongoConnection, fields: BSONDocument? = MongoEntry.head)
        throws(StoreError) -> [[UInt8]: MongoEntry]
    {
        var found: [[UInt8]: MongoEntry] = [:]
        if keys.count == 1 {
            let document = try connection.find(.sessions, id: keys[0], fields: fields)
            if let document { found[Array(keys[0].utf8)] = try MongoEntry(document) }
            return found
        }
        let filter: BSONDocument = ["_id": ["$in": .array(keys.map(BSONValue.string))]]
        try connection.find(.sessions, filter, fields: fields) { (document) throws(StoreError) in
            let entry = try MongoEntry(document)
            found[Array(entry.key.utf8)] = entry
            return true
        }
        return found
    }

    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        let now = context.now
        var conditions = [MongoEntry.visible(now)]
        if let prefix { conditions.append(Self.within(prefix)) }
        if let cursor {
            conditions.append(["_id": ["$gt": .string(try CursorCodec.decode(cursor, parts: 1...1)[0])]])
        }
        let filter: BSONDocument = ["$and": .array(conditions.map(BSONValue.document))]
        let most = min(max(1, limit), 10_000)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            var keys = try connection.find(
                .sessions, filter, sort: ["_id": .int32(1)], fields: ["_id": .int32(1)], limit: most + 1
            ).compactMap { $0["_id"]?.string }
            guard keys.count > most else { return Page(items: keys, next: nil) }
            keys.removeLast()
            return Page(items: keys, next: keys.last.map { CursorCodec.encode([$0]) })
        }
    }

    /// The key that equals the prefix, and those that go on with `/`, which `0` comes after.
    private static func within(_ prefix: String) -> BSONDocument {
        [
            "$or": [
                ["_id": .string(prefix)],
                ["_id": ["$gte": .string(prefix + "/"), "$lt": .string(prefix + "0")]],
            ]
        ]
    }

    // MARK: Removing

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError) -> [Bool]
    {
        let now = context.now
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            var results: [Bool] = []
            // One by one: of many in one command the server only says how many there were.
            for key in keys {
                do throws(StoreError) {
                    results.append(try Self.delete(key, condition, now, connection))
                } catch {
                    throw results.contains(true) ? error.filling(applied: .unknown) : error
                }
            }
            return results
        }
    }

    private static func delete(
        _ key: String, _ condition: SessionCondition, _ now: Timestamp, _ connection: MongoConnection
    ) throws(StoreError) -> Bool {
        if condition == .none {
            let filter = (["_id": .string(key)] as BSONDocument).merging(MongoEntry.visible(now))
            return try connection.delete(.sessions, filter, onlyOne: true) > 0
        }
        for _ in 0..<attempts {
            let current = try entries([key], connection)[Array(key.utf8)]
            let visible = current?.isVisible(now) == true ? current : nil
            try MongoSessionWrite.check(condition, key, visible)
            guard let visible else { return false }
            let filter: BSONDocument = ["_id": .string(key), "etag": .string(visible.etag)]
            if try connection.delete(.sessions, filter, onlyOne: true) > 0 { return true }
        }
        throw .mongoTooBusy(key)
    }

    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else { throw .invalidArgument("an empty prefix would delete everything") }
        let now = context.now
        let within = BSONValue.document(Self.within(prefix))
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let count = try connection.delete(.sessions, ["$and": [within, .document(MongoEntry.visible(now))]])
            try connection.delete(.sessions, ["$and": [within, .document(MongoEntry.gone(now))]])
            return count
        }
    }

    // MARK: Expiry

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        let now = context.now
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            if expiry == .keep {
                let current = try Self.entries([key], connection)[Array(key.utf8)]
                guard let current, current.isVisible(now) else { return nil }
                return SessionTouch(expiresAt: current.expiresAt)
            }
            let expiresAt = MongoEntry.expiration(expiry, nil, now)
            let filter = (["_id": .string(key)] as BSONDocument).merging(MongoEntry.visible(now))
            let count = try connection.update(
                .sessions, filter, ["$set": .document(MongoEntry.expiryFields(expiresAt, now))])
            return count > 0 ? SessionTouch(expiresAt: expiresAt) : nil
        }
    }
}

extension MongoSessionDriver: LeasingDriver {
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
