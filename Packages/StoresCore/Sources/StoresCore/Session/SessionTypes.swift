/// The bytes and content type of a session value.
public struct SessionValue: Sendable, Hashable {
    /// At most the backend's `valueBytes`.
    public var bytes: [UInt8]
    /// 1 to 256 UTF-8 bytes.
    public var contentType: String

    public init(bytes: [UInt8], contentType: String = "application/octet-stream") {
        self.bytes = bytes
        self.contentType = contentType
    }

    public init(_ text: String, contentType: String = "text/plain; charset=utf-8") {
        self.init(bytes: Array(text.utf8), contentType: contentType)
    }

    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// What a read returns.
public struct SessionEntry: Sendable, Hashable {
    public var value: SessionValue
    /// Opaque; changes with every write of the key.
    public var etag: String
    public var expiresAt: Timestamp?

    public init(value: SessionValue, etag: String, expiresAt: Timestamp?) {
        self.value = value
        self.etag = etag
        self.expiresAt = expiresAt
    }
}

/// What a write returns.
public struct SessionReceipt: Sendable, Hashable {
    public var etag: String
    public var expiresAt: Timestamp?

    public init(etag: String, expiresAt: Timestamp?) {
        self.etag = etag
        self.expiresAt = expiresAt
    }
}

/// How long a written entry lives. Nothing is implicit (S2).
public enum Expiry: Sendable, Hashable {
    /// As it was; never, for a new key.
    case keep
    case never
    /// From the write on; more than zero, in whole milliseconds.
    case after(Duration)
}

public enum SessionCondition: Sendable, Hashable {
    case none
    case ifAbsent
    /// Etags are 1 to 256 ASCII characters without spaces; others are `invalidArgument` (S3).
    case ifMatch(String)
}

/// A lease that was granted. Hand its `generation` to guarded writes.
public struct Lease: Sendable, Hashable {
    public var key: String
    /// Strictly rises with every grant of the key, also after expiry and release (S9).
    public var generation: Int64
    public var expiresAt: Timestamp

    public init(key: String, generation: Int64, expiresAt: Timestamp) {
        self.key = key
        self.generation = generation
        self.expiresAt = expiresAt
    }
}

/// A write that is only to happen while no later lease was granted.
public struct LeaseGuard: Sendable, Hashable {
    public var key: String
    public var generation: Int64

    public init(_ lease: Lease) {
        self.init(key: lease.key, generation: lease.generation)
    }

    public init(key: String, generation: Int64) {
        self.key = key
        self.generation = generation
    }
}
