import StoresCore

/// A write of a value on its way into the collection.
struct MongoSessionWrite {
    let write: SessionWrite
    let etag: String

    /// Nothing of what is there matters, but that it is no counter and no list.
    var isBlind: Bool { write.condition == .none && write.leaseGuard == nil && write.expiry != .keep }

    /// The document that replaces what is there, without its key.
    func document(_ expiresAt: Timestamp?, _ now: Timestamp) -> BSONDocument {
        let head: BSONDocument = [
            "kind": .string(MongoEntry.Kind.value.rawValue), "value": .binary(write.value.bytes),
            "contentType": .string(write.value.contentType), "etag": .string(etag),
        ]
        return head.merging(MongoEntry.expiryFields(expiresAt, now))
    }

    func receipt(_ expiresAt: Timestamp?) -> SessionReceipt { SessionReceipt(etag: etag, expiresAt: expiresAt) }

    /// A statement that replaces a value, and what has expired; where something else is, its upsert meets the key.
    func blindStatement(_ now: Timestamp) -> BSONDocument {
        let expiresAt = MongoEntry.expiration(write.expiry, nil, now)
        return [
            "q": [
                "_id": .string(write.key),
                "$or": [
                    ["kind": .string(MongoEntry.Kind.value.rawValue)], .document(MongoEntry.gone(now)),
                ],
            ],
            "u": .document(document(expiresAt, now)), "upsert": true,
        ]
    }

    /// Reads, checks, and writes where nothing has changed in between, until that is so.
    func apply(_ now: Timestamp, _ connection: MongoConnection) throws(StoreError) -> SessionReceipt {
        for _ in 0..<MongoSessionDriver.attempts {
            let current = try MongoSessionDriver.entries([write.key], connection)[Array(write.key.utf8)]
            let visible = current?.isVisible(now) == true ? current : nil
            // After the entry was read: who holds a later lease and writes it makes the write below miss.
            if let leaseGuard = write.leaseGuard {
                let latest = try MongoLeases.generation(leaseGuard.key, .sessionLeases, connection)
                guard latest == leaseGuard.generation else { throw MongoLeases.fenced(leaseGuard, latest) }
            }
            try Self.check(write.condition, write.key, visible)
            if let visible, visible.kind != .value { throw visible.wrongKind(wanted: .value) }
            let expiresAt = MongoEntry.expiration(write.expiry, visible?.expiresAt, now)
            if try Self.replace(current, write.key, document(expiresAt, now), connection) { return receipt(expiresAt) }
        }
        throw .mongoTooBusy(write.key)
    }

    /// Puts a document where `current` is, or where nothing is; false when that is so no more.
    static func replace(
        _ current: MongoEntry?, _ key: String, _ document: BSONDocument, _ connection: MongoConnection
    ) throws(StoreError) -> Bool {
        if let current {
            return try connection.update(
                .sessions, ["_id": .string(key), "etag": .string(current.etag)], document) > 0
        }
        let new = (["_id": .string(key)] as BSONDocument).merging(document)
        let written = try connection.insert(.sessions, [new.encoded])
        guard let error = written.errors[0] else { return true }
        if error.isDuplicate { return false }
        throw .mongo(error)
    }

    static func check(_ condition: SessionCondition, _ key: String, _ visible: MongoEntry?) throws(StoreError) {
        let message: String
        switch condition {
        case .none: return
        case .ifAbsent:
            if visible == nil { return }
            message = "the key must be absent; it is there"
        case .ifMatch(let etag):
            if let visible, visible.etag.utf8.elementsEqual(etag.utf8) { return }
            message = visible == nil ? "the key is missing" : "the key has another etag"
        }
        throw StoreError(
            .conflict, message, remedy: "read the key again and repeat the write with its etag", resource: key,
            applied: .no, conflict: .etag(current: visible?.etag))
    }
}

extension MongoSessionDriver {
    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        if writes.isEmpty { return [] }
        let now = context.now
        let items = writes.map { MongoSessionWrite(write: $0, etag: context.ids.next()) }
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            var results: [Result<SessionReceipt, StoreError>?] = Array(repeating: nil, count: items.count)
            let blind = items.indices.filter { items[$0].isBlind }
            if !blind.isEmpty {
                let written = try connection.update(.sessions, blind.map { items[$0].blindStatement(now) })
                for (place, index) in blind.enumerated() {
                    let item = items[index]
                    guard let error = written.errors[place] else {
                        let expiresAt = MongoEntry.expiration(item.write.expiry, nil, now)
                        results[index] = .success(item.receipt(expiresAt))
                        continue
                    }
                    // Another kind, or somebody was faster: looked at one by one below.
                    if !error.isDuplicate { results[index] = .failure(.mongo(error)) }
                }
            }
            for index in items.indices where results[index] == nil {
                results[index] = Result { () throws(StoreError) in try items[index].apply(now, connection) }
            }
            return results.compactMap { $0 }
        }
    }
}
