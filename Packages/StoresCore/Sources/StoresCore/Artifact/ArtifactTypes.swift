/// What is known of an object without its body.
public struct ArtifactInfo: Sendable, Hashable {
    public var key: String
    /// Bytes.
    public var size: Int64
    /// Opaque; changes with every write of other bytes. Where it is made of the content, bytes that come again bring
    /// their etag again (A11).
    public var etag: String
    public var contentType: String
    public var metadata: [String: String]
    public var modified: Timestamp
    /// SHA-256 of the body in lower-case hexadecimal; nil for objects that others wrote without one.
    public var sha256: String?

    public init(
        key: String, size: Int64, etag: String, contentType: String, metadata: [String: String], modified: Timestamp,
        sha256: String?
    ) {
        self.key = key
        self.size = size
        self.etag = etag
        self.contentType = contentType
        self.metadata = metadata
        self.modified = modified
        self.sha256 = sha256
    }
}

public enum ArtifactCondition: Sendable, Hashable {
    case none
    case ifAbsent
    case ifMatch(String)
}

/// A part of a body: `from` to the byte before `until`. Negative lengths do not exist; past the end is refused (A5).
public enum ByteRange: Sendable, Hashable {
    /// `offset ..< offset + length`; must lie within the object, `length` at least 1.
    case bytes(offset: Int64, length: Int64)
    /// From `offset` to the end; `offset` must be less than the size.
    case from(Int64)
    /// The last `count` bytes; `count` from 1 to the size.
    case suffix(Int64)

    /// The bytes of an object of `size`, or nil when the range passes its end.
    public func resolved(size: Int64) -> Range<Int64>? {
        switch self {
        case .bytes(let offset, let length):
            guard offset >= 0, length >= 1, offset <= size, length <= size - offset else { return nil }
            return offset..<offset + length
        case .from(let offset):
            guard offset >= 0, offset < size else { return nil }
            return offset..<size
        case .suffix(let count):
            guard count >= 1, count <= size else { return nil }
            return size - count..<size
        }
    }
}

/// A listing: objects, and with a delimiter the common prefixes, both in UTF-8 byte order.
public struct ArtifactListing: Sendable, Hashable {
    public var objects: [ArtifactInfo]
    public var commonPrefixes: [String]
    public var next: Cursor?

    public init(objects: [ArtifactInfo], commonPrefixes: [String] = [], next: Cursor? = nil) {
        self.objects = objects
        self.commonPrefixes = commonPrefixes
        self.next = next
    }
}

public enum PresignedMethod: String, Sendable, Hashable, CaseIterable {
    case get = "GET"
    case put = "PUT"
    case delete = "DELETE"
}

/// A request that any HTTP client can send until `expiresAt` (A10).
public struct PresignedRequest: Sendable, Hashable {
    public var method: PresignedMethod
    public var url: String
    /// Must be sent as they are.
    public var headers: [String: String]
    public var expiresAt: Timestamp

    public init(method: PresignedMethod, url: String, headers: [String: String], expiresAt: Timestamp) {
        self.method = method
        self.url = url
        self.headers = headers
        self.expiresAt = expiresAt
    }
}
