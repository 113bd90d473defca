import StoresCore

/// An append as a record of Kafka: one record, so that it is there as a whole or not at all (E2).
///
/// The key is the stream. An append of one event is as other programs would write it: the value is the event's data;
/// the headers are its `id` and `type`, `content-type` unless that is JSON, and `meta.NAME` for each entry of its
/// metadata. An append of several has the header `events` with their number, and ``KafkaFrames`` as its value. `time`
/// is when it was appended, in milliseconds since 1970; `after` is what the writer knew of the stream, see
/// ``KafkaHint``.
struct KafkaRecord: Sendable {
    var stream: String
    var events: [NewEvent]
    var recordedAt: Timestamp
    var hint: KafkaHint?
    /// Why it is none of the stores'; it has no events then.
    var foreign: String?

    /// About what it takes in memory.
    var bytes: Int {
        events.reduce(160) { sum, event in
            event.metadata.reduce(sum + event.data.count + 160) { $0 + $1.key.utf8.count + $1.value.utf8.count + 32 }
        }
    }

    static let defaultContentType = "application/json"
    static let metadataPrefix = "meta."
}

/// What a writer knew of a stream when it appended: of the records before `offset`, `revision` events are the stream's.
///
/// Revisions are counted, and retention takes away what was counted: the hints of the records that are left say where
/// to begin.
struct KafkaHint: Sendable, Equatable {
    var offset: Int64
    var revision: Int64

    init(offset: Int64, revision: Int64) {
        self.offset = offset
        self.revision = revision
    }

    /// `OFFSET:REVISION`; nil for anything else.
    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let offset = Int64(parts[0]), let revision = Int64(parts[1]), offset >= 0,
            (0...(1 << 53)).contains(revision)
        else { return nil }
        self.init(offset: offset, revision: revision)
    }

    var text: String { "\(offset):\(revision)" }
}

/// A record as it goes to the producer.
struct KafkaEncodedRecord: Sendable {
    let key: [UInt8]
    /// As `stores_kafka_produce` takes them.
    private(set) var headers: [UInt8] = []
    private(set) var value: [UInt8] = []

    /// Of key, headers and value together.
    var bytes: Int { key.count + headers.count + value.count }

    init(_ record: KafkaRecord) {
        key = Array(record.stream.utf8)
        add("time", "\(record.recordedAt.millisecondsSinceEpoch)")
        if let hint = record.hint { add("after", hint.text) }
        if record.events.count == 1, let event = record.events.first {
            add("id", event.id)
            add("type", event.type)
            if event.contentType != KafkaRecord.defaultContentType { add("content-type", event.contentType) }
            for (name, value) in event.metadata { add(KafkaRecord.metadataPrefix + name, value) }
            value = event.data
        } else {
            add("events", "\(record.events.count)")
            value = KafkaFrames.encode(record.events)
        }
    }

    private mutating func add(_ name: String, _ value: String) {
        withUnsafeBytes(of: UInt32(name.utf8.count)) { headers.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(value.utf8.count)) { headers.append(contentsOf: $0) }
        headers.append(contentsOf: name.utf8)
        headers.append(contentsOf: value.utf8)
    }
}
