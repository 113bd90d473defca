/// An event to be appended.
public struct NewEvent: Sendable, Hashable {
    /// Unique in its stream (E4): 1 to 128 UTF-8 bytes. The idempotency token of the append.
    public var id: String
    /// What happened, for example `document.indexed`: 1 to 256 UTF-8 bytes.
    public var type: String
    /// With the metadata at most the backend's `eventBytes`.
    public var data: [UInt8]
    /// 1 to 256 UTF-8 bytes.
    public var contentType: String
    /// Keys of 1 to 256 UTF-8 bytes.
    public var metadata: [String: String]

    public init(
        id: String, type: String, data: [UInt8] = [], contentType: String = "application/json",
        metadata: [String: String] = [:]
    ) {
        self.id = id
        self.type = type
        self.data = data
        self.contentType = contentType
        self.metadata = metadata
    }
}

/// An event as it is kept.
public struct RecordedEvent: Sendable, Hashable {
    public var stream: String
    /// 0 for the first event of a stream.
    public var revision: Int64
    public var position: Position
    public var event: NewEvent
    public var recordedAt: Timestamp

    public init(stream: String, revision: Int64, position: Position, event: NewEvent, recordedAt: Timestamp) {
        self.stream = stream
        self.revision = revision
        self.position = position
        self.event = event
        self.recordedAt = recordedAt
    }

    public var id: String { event.id }
    public var type: String { event.type }
    public var data: [UInt8] { event.data }
}

/// A place in the order of all events of a store: opaque, comparable, serialisable (E6). Positions of different
/// stores do not compare.
///
/// Adapters encode their native position so that the order of ``rawValue`` by UTF-8 bytes is the order of events.
public struct Position: Sendable, Hashable, Comparable, RawRepresentable {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A position of one or more numbers, most significant first, as fixed-width hexadecimal.
    public init(_ numbers: UInt64...) {
        rawValue = numbers.map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// The inverse of the initializer from numbers; nil when the text has another form or another count of numbers.
    public func numbers(count: Int) -> [UInt64]? {
        let digits = Array(rawValue.utf8)
        guard digits.count == count * 16 else { return nil }
        var numbers: [UInt64] = []
        for start in stride(from: 0, to: digits.count, by: 16) {
            guard let number = UInt64(String(decoding: digits[start..<start + 16], as: UTF8.self), radix: 16) else {
                return nil
            }
            numbers.append(number)
        }
        return numbers
    }

    public static func < (lhs: Position, rhs: Position) -> Bool {
        lhs.rawValue.utf8.lexicographicallyPrecedes(rhs.rawValue.utf8)
    }
}

/// What an append demands of its stream. There is no default: the caller chooses (E1).
public enum ExpectedRevision: Sendable, Hashable {
    case any
    case noStream
    case exists
    /// The last revision is exactly this, at least 0.
    case exact(Int64)
}

public struct AppendResult: Sendable, Hashable {
    public var firstRevision: Int64
    public var lastRevision: Int64
    /// Of the last event.
    public var position: Position
    /// These events had been appended before; this is where.
    public var isDeduplicated: Bool

    public init(firstRevision: Int64, lastRevision: Int64, position: Position, isDeduplicated: Bool) {
        self.firstRevision = firstRevision
        self.lastRevision = lastRevision
        self.position = position
        self.isDeduplicated = isDeduplicated
    }
}

public enum ReadDirection: String, Sendable, Hashable, CaseIterable {
    case forward, backward
}

/// A part of one stream.
public struct StreamSlice: Sendable, Hashable {
    /// False when nothing was ever appended (or the stream was deleted).
    public var exists: Bool
    public var events: [RecordedEvent]
    /// The stream's last revision; nil when it does not exist.
    public var lastRevision: Int64?
    /// The oldest revision that is still kept; more than 0 after retention has dropped events (E11).
    public var oldestRevision: Int64

    public init(exists: Bool, events: [RecordedEvent], lastRevision: Int64?, oldestRevision: Int64 = 0) {
        self.exists = exists
        self.events = events
        self.lastRevision = lastRevision
        self.oldestRevision = oldestRevision
    }
}

/// A part of all events in the order of their positions.
public struct EventSlice: Sendable, Hashable {
    public var events: [RecordedEvent]
    /// Read on after this; nil when nothing was read yet and the store is empty.
    public var next: Position?
    /// Nothing more was there to be read when this slice was read.
    public var isAtEnd: Bool

    public init(events: [RecordedEvent], next: Position?, isAtEnd: Bool) {
        self.events = events
        self.next = next
        self.isAtEnd = isAtEnd
    }
}

/// Where a subscription starts.
public enum SubscriptionStart: Sendable, Hashable {
    case start
    case after(Position)
    case now
}

/// What a subscription delivers.
public enum SubscriptionElement: Sendable, Hashable {
    case event(RecordedEvent)
    /// All that was there has been delivered; what follows is live.
    case caughtUp
    /// Progress without a matching event: resume `.after` this.
    case checkpoint(Position)
}

/// The state of a run: a long-lived piece of work that survives its process.
public struct Run: Sendable, Hashable {
    public var id: String
    /// Free text, indexed: `running`, `done`, `failed`. 1 to 64 UTF-8 bytes.
    public var status: String
    public var state: [UInt8]
    /// 1 for the first save, one more with each later one, also after a delete.
    public var version: Int64
    public var createdAt: Timestamp
    public var updatedAt: Timestamp

    public init(
        id: String, status: String, state: [UInt8], version: Int64, createdAt: Timestamp, updatedAt: Timestamp
    ) {
        self.id = id
        self.status = status
        self.state = state
        self.version = version
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// A folded state of a stream up to and including `revision` (E9).
public struct Snapshot: Sendable, Hashable {
    public var stream: String
    public var revision: Int64
    public var data: [UInt8]

    public init(stream: String, revision: Int64, data: [UInt8]) {
        self.stream = stream
        self.revision = revision
        self.data = data
    }
}
