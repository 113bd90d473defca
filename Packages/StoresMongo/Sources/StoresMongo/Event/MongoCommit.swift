import StoresCore

/// What one append leaves: a document, which is there as a whole or not at all (E2).
///
/// `_id` is its place among all appends, counted without gaps: the one with number n is written only by who has seen
/// number n - 1, or has written it himself. So no reader can see n before n - 1, in whatever order writes come through
/// (E6). `stream`, `life` and `first` are unique together: of two that append after the same event, one finds the place
/// taken. `stream` and each of `ids` are unique together, which finds repetitions (E4).
///
/// A deleted stream ends with a commit without events, `removed`, which takes the place of the next append, so that one
/// under way finds out; the stream's next life counts from 0 again.
struct MongoCommit {
    struct Head: Sendable {
        var life: Int64
        var last: Int64
        var isRemoved: Bool

        /// The stream's last revision; nil when it does not exist.
        var revision: Int64? { isRemoved ? nil : last }
        /// Where the next commit goes.
        var next: (life: Int64, first: Int64) { isRemoved ? (life + 1, 0) : (life, last + 1) }

        static let none = Head(life: -1, last: -1, isRemoved: true)
    }

    static let headFields: BSONDocument = ["life": .int32(1), "last": .int32(1), "removed": .int32(1)]

    var number: Int64
    var stream: String
    var head: Head
    var first: Int64
    let document: BSONDocument

    init(_ document: BSONDocument) throws(StoreError) {
        guard let number = document["_id"]?.integer, number >= 0, let stream = document["stream"]?.string,
            let life = document["life"]?.integer, let first = document["first"]?.integer,
            let last = document["last"]?.integer
        else { throw .mongoForeign("the events' collection") }
        self.number = number
        self.stream = stream
        self.first = first
        head = Head(life: life, last: last, isRemoved: document["removed"] == .bool(true))
        self.document = document
    }

    static func head(_ document: BSONDocument) throws(StoreError) -> Head {
        guard let life = document["life"]?.integer, let last = document["last"]?.integer else {
            throw .mongoForeign("the events' collection")
        }
        return Head(life: life, last: last, isRemoved: document["removed"] == .bool(true))
    }

    func position(_ index: Int) -> Position { Self.position(number, index) }

    static func position(_ number: Int64, _ index: Int) -> Position {
        Position(UInt64(clamping: number), UInt64(clamping: index))
    }

    /// - Throws: `invalidArgument` for a position of another store.
    static func place(_ position: Position) throws(StoreError) -> (number: Int64, index: UInt64) {
        guard let numbers = position.numbers(count: 2), numbers[0] <= Int64.max else {
            throw .invalidArgument(
                "the position was not given out by this store", remedy: "positions of other stores mean nothing here")
        }
        return (Int64(numbers[0]), numbers[1])
    }

    func events() throws(StoreError) -> [RecordedEvent] {
        if head.isRemoved { return [] }
        guard let documents = document["events"]?.array, let at = document["at"]?.date else {
            throw .mongoForeign("the events' collection", stream)
        }
        var events: [RecordedEvent] = []
        events.reserveCapacity(documents.count)
        for (index, value) in documents.enumerated() {
            guard let event = value.document.flatMap(NewEvent.init) else {
                throw .mongoForeign("the events' collection", stream)
            }
            events.append(
                RecordedEvent(
                    stream: stream, revision: first &+ Int64(index), position: position(index), event: event,
                    recordedAt: Timestamp(millisecondsSinceEpoch: at)))
        }
        return events
    }

    static func marker(_ number: Int64, _ stream: String, _ head: Head) -> BSONDocument {
        [
            "_id": .int64(number), "stream": .string(stream), "life": .int64(head.life),
            "first": .int64(head.last + 1), "last": .int64(head.last),
            // No event's id is a number; an empty list would count as one value, which could be there once.
            "ids": [.int64(head.life)], "removed": true,
        ]
    }
}

extension NewEvent {
    fileprivate init?(_ document: BSONDocument) {
        guard let id = document["id"]?.string, let type = document["type"]?.string,
            let data = document["data"]?.bytes, let contentType = document["contentType"]?.string,
            let metadata = document["metadata"]?.document
        else { return nil }
        var fields: [String: String] = [:]
        for field in metadata.fields {
            guard let value = field.value.string else { return nil }
            fields[MongoKey.name(field.name)] = value
        }
        self.init(id: id, type: type, data: data, contentType: contentType, metadata: fields)
    }

    var document: BSONDocument {
        [
            "id": .string(id), "type": .string(type), "data": .binary(data), "contentType": .string(contentType),
            "metadata": .document(
                BSONDocument(
                    metadata.map { BSONDocument.Field(name: MongoKey.fieldName($0), value: .string($1)) }
                        .sorted { $0.name < $1.name })),
        ]
    }
}
