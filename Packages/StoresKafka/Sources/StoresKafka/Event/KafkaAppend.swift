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
}
