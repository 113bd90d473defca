import StoresCore

/// An append on its way into the collection.
struct MongoAppend: Sendable {
    let stream: String
    let ids: [String]
    let expected: ExpectedRevision
    let now: Timestamp
    /// The events as BSON, and how large they are.
    let events: [BSONValue]
    let bytes: Int

    /// - Throws: `invalidArgument`, `tooLarge`.
    init(_ events: [NewEvent], _ stream: String, _ expected: ExpectedRevision, _ now: Timestamp) throws(StoreError) {
        guard !events.isEmpty else { throw .invalidArgument("an append needs at least one event", resource: stream) }
        guard Set(events.map { Array($0.id.utf8) }).count == events.count else {
            throw .invalidArgument("two events of one append have the same id", resource: stream)
        }
        let encoded = events.map(\.document.encoded)
        let bytes = encoded.reduce(0) { $0 + $1.count + 16 } + events.reduce(0) { $0 + $1.id.utf8.count + 16 }
        // What remains of MongoDB's 16 MiB for the fields beside the events.
        let most = 16 << 20 - 4096
        guard bytes <= most else {
            throw StoreError(
                .tooLarge, "an append is one document of at most \(most) bytes here; this one has \(bytes)",
                remedy: "append fewer events at a time, or keep large ones in an artifact store", resource: stream,
                applied: .no)
        }
        self.stream = stream
        self.expected = expected
        self.now = now
        self.bytes = bytes
        ids = events.map(\.id)
        self.events = encoded.map(BSONValue.encoded)
    }

    func document(_ number: Int64, _ place: (life: Int64, first: Int64)) -> BSONDocument {
        [
            "_id": .int64(number), "stream": .string(stream), "life": .int64(place.life),
            "first": .int64(place.first), "last": .int64(place.first + Int64(ids.count) - 1),
            "ids": .array(ids.map(BSONValue.string)), "at": .date(now.millisecondsSinceEpoch),
            "events": .array(events),
        ]
    }

    func result(_ number: Int64, _ first: Int64) -> AppendResult {
        AppendResult(
            firstRevision: first, lastRevision: first + Int64(ids.count) - 1,
            position: MongoCommit.position(number, ids.count - 1), isDeduplicated: false)
    }

    /// What the same append returned before; nil when none of its events is there.
    ///
    /// - Throws: `conflict(.partialDuplicate)`.
    func earlier(_ head: MongoCommit.Head, _ connection: MongoConnection) throws(StoreError) -> AppendResult? {
        if head.isRemoved { return nil }
        var known: [[UInt8]: (revision: Int64, position: Position)] = [:]
        let filter: BSONDocument = [
            "stream": .string(stream), "life": .int64(head.life), "ids": ["$in": .array(ids.map(BSONValue.string))],
        ]
        let fields: BSONDocument = ["first": .int32(1), "ids": .int32(1)]
        try connection.find(.events, filter, fields: fields) { (document) throws(StoreError) in
            guard let number = document["_id"]?.integer, let first = document["first"]?.integer,
                let ids = document["ids"]?.array
            else { throw .mongoForeign("the events' collection", stream) }
            for (index, id) in ids.enumerated() {
                guard let id = id.string else { continue }
                known[Array(id.utf8)] = (first &+ Int64(index), MongoCommit.position(number, index))
            }
            return true
        }
        let places = ids.map { known[Array($0.utf8)] }
        guard places.contains(where: { $0 != nil }) else { return nil }
        // An append is contiguous: its repetition has the same ids in the same order, and nothing between them.
        if let first = places[0]?.revision, let last = places.last??.position,
            places.enumerated().allSatisfy({ $1?.revision == first &+ Int64($0) })
        {
            return AppendResult(
                firstRevision: first, lastRevision: first + Int64(ids.count) - 1, position: last, isDeduplicated: true)
        }
        throw .partialDuplicate(in: stream)
    }
}
