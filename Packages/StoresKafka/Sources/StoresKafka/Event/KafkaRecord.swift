import StoresCore

/// An append as a record of Kafka: one record, so that it is there as a whole or not at all (E2).
///
/// The key is the stream. An append of one event is as other programs would write it: the value is the event's data;
/// the headers are its `id` and `type`, `content-type` unless that is JSON, and `meta.NAME` for each entry of its
/// metadata. An append of several has the header `events` with their number, and ``KafkaFrames`` as its value. `time`
/// is when it was appended, in milliseconds since 1970; `after` is what the writer knew of the stream, see
/// ``KafkaHint``.
///
/// One object: a record goes from hand to hand before it is delivered, and a struct would count each of its texts.
final class KafkaRecord: Sendable {
    let stream: String
    let events: [NewEvent]
    let recordedAt: Timestamp
    let hint: KafkaHint?
    /// Why it is none of the stores'; it has no events then.
    let foreign: String?

    init(stream: String, events: [NewEvent], recordedAt: Timestamp, hint: KafkaHint?, foreign: String?) {
        self.stream = stream
        self.events = events
        self.recordedAt = recordedAt
        self.hint = hint
        self.foreign = foreign
    }

    /// In the place of one that is let go.
    static let nothing = KafkaRecord(
        stream: "", events: [], recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: nil, foreign: nil)

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
    init?(_ text: some Collection<UInt8>) {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")),
            let offset = Int64(decimal: text[..<colon]), let revision = Int64(decimal: text[colon...].dropFirst()),
            offset >= 0, (0...(1 << 53)).contains(revision)
        else { return nil }
        self.init(offset: offset, revision: revision)
    }

    var text: String { "\(offset):\(revision)" }
}

extension Int64 {
    /// Nil for what is no number of at most 18 digits. `Int64(_:)` wants a `String`, which takes longer.
    init?(decimal text: some Collection<UInt8>) {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard (1...18).contains(digits.count) else { return nil }
        var number: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            number = number * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        self = digits.count < text.count ? -number : number
    }
}
