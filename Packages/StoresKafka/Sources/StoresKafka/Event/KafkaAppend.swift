import StoresCore

/// An append on its way, in single-writer mode.
struct KafkaAppend: Sendable {
    let events: [NewEvent]
    let stream: String
    let expected: ExpectedRevision
    let now: Timestamp
    /// About how large its record is.
    let bytes: Int

    init(events: [NewEvent], stream: String, expected: ExpectedRevision, now: Timestamp) {
        self.events = events
        self.stream = stream
        self.expected = expected
        self.now = now
        bytes = events.reduce(512) { sum, event in
            event.metadata.reduce(
                sum + event.data.count + event.id.utf8.count + event.type.utf8.count + event.contentType.utf8.count + 24
            ) { $0 + $1.key.utf8.count + $1.value.utf8.count + 16 }
        }
    }

    /// Refused alone, before it is among others in a transaction.
    func check(most: Int) throws(StoreError) {
        guard bytes <= most else {
            throw StoreError(
                .tooLarge, "an append is one record of at most \(most) bytes here; this one has about \(bytes)",
                remedy: "append fewer events at a time, keep large ones in an artifact store, or raise the topic's "
                    + "max.message.bytes and KAFKA_MAX_MESSAGE_BYTES", resource: stream, applied: .no)
        }
    }

    func holds(_ last: Int64?) -> Bool {
        switch expected {
        case .any: true
        case .noStream: last == nil
        case .exists: last != nil
        case .exact(let revision): last == revision
        }
    }

    func conflict(_ actual: Int64?) -> StoreError {
        let found = actual.map { "its last revision is \($0)" } ?? "it does not exist"
        let wanted =
            switch expected {
            case .any: "anything"
            case .noStream: "that it does not exist"
            case .exists: "that it exists"
            case .exact(let revision): "its last revision to be \(revision)"
            }
        return StoreError(
            .conflict, "the append expects \(wanted); \(found)",
            remedy: "read the stream again, decide anew, and append with its last revision", resource: stream,
            applied: .no, conflict: .revision(expected: expected, actual: actual))
    }

    var overlap: StoreError {
        StoreError(
            .conflict, "some of the events are in the stream already, but not all of them in this order",
            remedy: "give new events new ids, and repeat an append with exactly the events it had", resource: stream,
            applied: .no, conflict: .partialDuplicate)
    }
}
