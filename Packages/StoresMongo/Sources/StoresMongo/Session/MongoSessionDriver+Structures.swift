import StoresCore

extension MongoSessionDriver: StructuredSessionDriver {
    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext) async throws(StoreError)
        -> Int64
    {
        let now = context.now
        let etag = context.ids.next()
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            // The bound keeps the sum within 64 bits.
            let bound: BSONDocument =
                amount >= 0
                ? ["count": ["$lte": .int64(.max - amount)]] : ["count": ["$gte": .int64(.min - amount)]]
            let filter = Self.filter(key, .counter, now).merging(bound)
            let change: BSONDocument = [
                "$inc": ["count": .int64(amount)], "$set": .document(Self.change(etag, expiry, now)),
            ]
            for _ in 0..<Self.attempts {
                let found = try connection.modify(.sessions, filter, change, fields: ["count": .int32(1)])
                if let count = found?["count"]?.integer { return count }
                let current = try Self.entries([key], connection, fields: nil)[Array(key.utf8)]
                if let current, current.isVisible(now) {
                    guard current.kind == .counter else { throw current.wrongKind(wanted: .counter) }
                    guard let count = current.document["count"]?.integer else { throw .mongoForeign("the key", key) }
                    if count.addingReportingOverflow(amount).overflow {
                        throw StoreError(
                            .preconditionFailed, "the counter would leave the range of a 64-bit integer",
                            resource: key, applied: .no)
                    }
                    continue
                }
                let new = Self.new(.counter, ["count": .int64(amount)], etag, expiry, now)
                if try MongoSessionWrite.replace(current, key, new, connection) { return amount }
            }
            throw .mongoTooBusy(key)
        }
    }

    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        guard keepLast >= 1 else { throw .invalidArgument("keepLast is at least 1; got \(keepLast)", resource: key) }
        let now = context.now
        let etag = context.ids.next()
        let items = elements.suffix(keepLast).map(BSONValue.binary)
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let filter = Self.filter(key, .list, now)
            let change: BSONDocument = [
                "$push": ["items": ["$each": .array(items), "$slice": .int64(-Int64(keepLast))]],
                "$set": .document(Self.change(etag, expiry, now)),
            ]
            for _ in 0..<Self.attempts {
                let found = try connection.modify(
                    .sessions, filter, change, fields: ["_id": .int32(0), "count": ["$size": "$items"]])
                if let count = found?["count"]?.integer { return Int(clamping: count) }
                let current = try Self.entries([key], connection)[Array(key.utf8)]
                if let current, current.isVisible(now) {
                    guard current.kind == .list else { throw current.wrongKind(wanted: .list) }
                    continue
                }
                if elements.isEmpty { return 0 }
                let new = Self.new(.list, ["items": .array(items)], etag, expiry, now)
                if try MongoSessionWrite.replace(current, key, new, connection) { return items.count }
            }
            throw .mongoTooBusy(key)
        }
    }

    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        let now = context.now
        let count = min(max(0, count), Int(Int32.max))
        // A slice of none is not to be had.
        let fields: BSONDocument = ["items": ["$slice": .int64(-Int64(max(1, count)))]]
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let found = try Self.entries([key], connection, fields: fields)[Array(key.utf8)]
            guard let found, found.isVisible(now) else { return nil }
            guard found.kind == .list else { throw found.wrongKind(wanted: .list) }
            guard let items = found.document["items"]?.array else { throw .mongoForeign("the key", key) }
            return items.suffix(count).compactMap(\.bytes)
        }
    }

    private static func filter(_ key: String, _ kind: MongoEntry.Kind, _ now: Timestamp) -> BSONDocument {
        (["_id": .string(key), "kind": .string(kind.rawValue)] as BSONDocument).merging(MongoEntry.visible(now))
    }

    /// What every change sets beside the content.
    private static func change(_ etag: String, _ expiry: Expiry, _ now: Timestamp) -> BSONDocument {
        let fields: BSONDocument = ["etag": .string(etag)]
        if expiry == .keep { return fields }
        return fields.merging(MongoEntry.expiryFields(MongoEntry.expiration(expiry, nil, now), now))
    }

    private static func new(
        _ kind: MongoEntry.Kind, _ content: BSONDocument, _ etag: String, _ expiry: Expiry, _ now: Timestamp
    ) -> BSONDocument {
        let head: BSONDocument = ["kind": .string(kind.rawValue), "etag": .string(etag)]
        return head.merging(content)
            .merging(MongoEntry.expiryFields(MongoEntry.expiration(expiry, nil, now), now))
    }
}
