/// What an adapter implements for the artifact tier. The tier type counts and hashes the body on its way.
public protocol ArtifactDriver: Sendable {
    /// Writes the whole body atomically: until it returns, readers see what was there before (A3, A4).
    /// `body` ends with nil; when it throws, the driver removes what it wrote and rethrows. When it has ended,
    /// `body.sha256` and `body.size` are known, and are stored with the object.
    func put(_ request: ArtifactPut, body: ArtifactBody, context: CallContext) async throws(StoreError) -> ArtifactInfo

    /// Nil when it is missing.
    func head(_ key: String, context: CallContext) async throws(StoreError) -> ArtifactInfo?

    /// Nil when it is missing. A range past the end is `invalidArgument`.
    func get(_ key: String, range: ByteRange?, context: CallContext) async throws(StoreError) -> ArtifactDownload?

    /// For each key nil when it was deleted or missing, with whether it was there; or why it failed.
    func delete(_ keys: [String], context: CallContext) async throws(StoreError) -> [Result<Bool, StoreError>]

    func list(_ request: ArtifactList, context: CallContext) async throws(StoreError) -> ArtifactListing
}

public struct ArtifactPut: Sendable, Hashable {
    public var key: String
    public var contentType: String
    /// Lower-case ASCII keys (A9).
    public var metadata: [String: String]
    public var condition: ArtifactCondition

    public init(
        key: String, contentType: String = "application/octet-stream", metadata: [String: String] = [:],
        condition: ArtifactCondition = .none
    ) {
        self.key = key
        self.contentType = contentType
        self.metadata = metadata
        self.condition = condition
    }
}

public struct ArtifactList: Sendable, Hashable {
    /// A prefix of the key's bytes; empty lists all.
    public var prefix: String
    /// Keys that hold it after the prefix are rolled up to one common prefix, which ends with it.
    public var delimiter: String?
    public var cursor: Cursor?
    public var limit: Int

    public init(prefix: String = "", delimiter: String? = nil, cursor: Cursor? = nil, limit: Int) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.cursor = cursor
        self.limit = limit
    }
}

/// An object that is being read: its info and its bytes, pulled chunk by chunk.
public struct ArtifactDownload: Sendable {
    public var info: ArtifactInfo
    /// The bytes that the chunks hold in all.
    public var range: Range<Int64>
    public var chunks: any ArtifactChunks

    public init(info: ArtifactInfo, range: Range<Int64>, chunks: any ArtifactChunks) {
        self.info = info
        self.range = range
        self.chunks = chunks
    }
}

/// A pull-driven source of bytes; one consumer. Chunks are 1 byte to 4 MiB. What it holds (a descriptor, a
/// connection) is freed in its `deinit` at the latest, since a consumer may stop early.
public protocol ArtifactChunks: AnyObject, Sendable {
    /// The next chunk, or nil at the end. After nil or an error it is not called again.
    func next() async throws(StoreError) -> [UInt8]?
}

/// Presigned requests (A10; capability `presign`).
public protocol PresigningArtifactDriver: ArtifactDriver {
    func presign(_ method: PresignedMethod, key: String, expires: Duration, context: CallContext)
        async throws(StoreError) -> PresignedRequest
}
