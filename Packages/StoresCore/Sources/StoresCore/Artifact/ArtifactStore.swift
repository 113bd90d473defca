/// The artifact tier: objects by key, streamed both ways.
///
/// Keys are any UTF-8 without NUL, 1 to 1024 bytes, without a `.` or `..` segment (A8).
public struct ArtifactStore: Sendable {
    let runtime: TierRuntime
    let driver: any ArtifactDriver

    public static let maxKeyBytes = 1024

    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    // MARK: Writing

    /// Streams an object in with bounded memory. Until it returns, readers see what was there before; after a failure
    /// or a cancellation nothing of it remains (A1, A3, A4).
    ///
    /// - Parameters:
    ///   - body: Chunks of any size.
    ///   - metadata: Lower-case ASCII keys (A9).
    ///   - condition: Holds on every path; one that the backend can't keep is refused before the first byte (A2).
    ///   - deadline: Nil takes the configured transfer time-out.
    /// - Throws: `conflict(.etag(current:))` when the condition fails.
    @discardableResult
    public func put<Body: AsyncSequence>(
        _ key: String, body: sending Body, contentType: String = "application/octet-stream",
        metadata: [String: String] = [:], condition: ArtifactCondition = .none, deadline: Deadline? = nil
    ) async throws(StoreError) -> ArtifactInfo where Body.Element == [UInt8] {
        let operation = "put"
        let request = ArtifactPut(key: key, contentType: contentType, metadata: metadata, condition: condition)
        try check(request, operation)
        let deadline = deadline ?? .after(runtime.options.transferTimeout)
        let body = ArtifactBody(
            body, deadline: deadline, maxSize: capabilities.limits[.objectBytes].map(Int64.init))
        return try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            do throws(StoreError) {
                return try await driver.put(request, body: body, context: context)
            } catch {
                // The caller's sequence can be read once: after its first chunk there is nothing to retry with.
                throw body.isStarted ? error.notRetryable : error
            }
        }
    }

    /// Writes an object from memory; tried again after a transient failure.
    @discardableResult
    public func put(
        _ key: String, bytes: [UInt8], contentType: String = "application/octet-stream",
        metadata: [String: String] = [:], condition: ArtifactCondition = .none, deadline: Deadline? = nil
    ) async throws(StoreError) -> ArtifactInfo {
        let operation = "put"
        let request = ArtifactPut(key: key, contentType: contentType, metadata: metadata, condition: condition)
        try check(request, operation)
        let deadline = deadline ?? .after(runtime.options.transferTimeout)
        return try await runtime.call(operation, deadline: deadline, isIdempotent: condition == .none) {
            context throws(StoreError) in
            let body = ArtifactBody(
                CollectionOfOne(bytes).async, deadline: deadline,
                maxSize: capabilities.limits[.objectBytes].map(Int64.init))
            return try await driver.put(request, body: body, context: context)
        }
    }

    /// - Returns: Whether it was there (A6).
    @discardableResult
    public func delete(_ key: String, deadline: Deadline? = nil) async throws(StoreError) -> Bool {
        try checkKey(key, "delete")
        return try await runtime.call("delete", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            guard let result = try await driver.delete([key], context: context).first else {
                throw runtime.missingAnswer("delete")
            }
            return try result.get()
        }
    }

    /// Removes many; missing ones count as succeeded (A6).
    @discardableResult
    public func delete(_ keys: [String], deadline: Deadline? = nil) async throws(StoreError) -> BulkResult {
        for key in keys { try checkKey(key, "delete") }
        let keys = keys.lastOfEach(by: \.self)
        return try await runtime.bulkWrite(
            "delete", nil, ids: keys, size: { keys[$0].utf8.count }, deadline: deadline
        ) { range, context throws(StoreError) in
            let results = try await driver.delete(Array(keys[range]), context: context)
            return WriteReceipt(result: BulkResult(ids: Array(keys[range]), results), isSearchable: true)
        }.result
    }

    // MARK: Reading

    /// What is known of an object, or nil.
    public func head(_ key: String, deadline: Deadline? = nil) async throws(StoreError) -> ArtifactInfo? {
        try checkKey(key, "head")
        return try await runtime.call("head", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.head(key, context: context)
        }
    }

    /// An object, streamed out at the reader's pace and verified by its SHA-256 when it is read whole (A5, A11).
    ///
    /// - Parameters:
    ///   - range: Must lie within the object.
    ///   - ifNoneMatch: Nil is returned when the object still has this etag.
    /// - Throws: `notFound`; `invalidArgument` for a range past the end.
    public func get(_ key: String, range: ByteRange? = nil, ifNoneMatch: String? = nil, deadline: Deadline? = nil)
        async throws(StoreError) -> Artifact?
    {
        let operation = "get"
        try checkKey(key, operation)
        if range != nil { try runtime.require(.artifact(.ranges), operation) }
        if let ifNoneMatch {
            try runtime.check(operation) { () throws(StoreError) in try ETagRules.check(ifNoneMatch) }
        }
        let deadline = deadline ?? .after(runtime.options.transferTimeout)
        let found = try await runtime.call(operation, deadline: deadline, isIdempotent: true) {
            context throws(StoreError) -> (download: ArtifactDownload, stream: CallGate.OpenStream)? in
            if let ifNoneMatch {
                guard let info = try await driver.head(key, context: context) else { throw Self.missing(key) }
                if info.etag == ifNoneMatch { return nil }
            }
            guard let download = try await driver.get(key, range: range, context: context) else {
                throw Self.missing(key)
            }
            return (download, runtime.openStream())
        }
        return found.map { download, stream in
            Artifact(
                info: download.info, range: download.range,
                body: ArtifactStream(download, stream, runtime: runtime))
        }
    }

    /// A page of the objects whose keys start with `prefix`, in UTF-8 byte order (A7).
    ///
    /// - Parameters:
    ///   - delimiter: Rolls up the keys that hold it after the prefix into common prefixes.
    ///   - limit: Objects and common prefixes together.
    public func list(
        prefix: String = "", delimiter: String? = nil, cursor: Cursor? = nil, limit: Int = 1000,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> ArtifactListing {
        let operation = "list"
        try runtime.checkLimit(limit, operation)
        try runtime.check(operation) { () throws(StoreError) in
            if !prefix.isEmpty { try NameRules.check(prefix, "prefix", maxBytes: Self.maxKeyBytes) }
            if let delimiter { try NameRules.check(delimiter, "delimiter", maxBytes: 64) }
        }
        if delimiter != nil { try runtime.require(.artifact(.delimiter), operation) }
        return try await runtime.call(operation, deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.list(
                ArtifactList(prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit), context: context)
        }
    }

    /// A request that any HTTP client can send, without credentials, until it expires (A10).
    ///
    /// - Parameter expires: 1 second to 7 days.
    public func presign(
        _ method: PresignedMethod, _ key: String, expires: Duration, deadline: Deadline? = nil
    ) async throws(StoreError) -> PresignedRequest {
        let operation = "presign"
        try runtime.require(.artifact(.presign), operation)
        guard let driver = driver as? any PresigningArtifactDriver else {
            throw runtime.unsupported(.artifact(.presign), operation)
        }
        try checkKey(key, operation)
        guard expires >= .seconds(1), expires <= .seconds(7 * 86_400) else {
            throw runtime.refuse("expires is 1 second to 7 days; got \(expires)", operation)
        }
        return try await runtime.call(operation, deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.presign(method, key: key, expires: expires, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(_ type: Native.Type, _ body: (Native) async throws -> T) async throws
        -> T
    {
        try await body(try runtime.native(as: type))
    }

    private static func missing(_ key: String) -> StoreError {
        StoreError(.notFound, "there is no such object", resource: key)
    }
}

// MARK: Validation

extension ArtifactStore {
    private func checkKey(_ key: String, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in
            try NameRules.check(key, "key", maxBytes: min(Self.maxKeyBytes, capabilities.limits[.keyBytes] ?? .max))
            // By bytes: to `Character`s a slash with a combining mark is no slash, to a file system it is.
            for segment in key.utf8.split(separator: UInt8(ascii: "/"))
            where segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) {
                throw .invalidArgument("a key has no segment '.' or '..'")
            }
        }
    }

    private func check(_ put: ArtifactPut, _ operation: String) throws(StoreError) {
        try checkKey(put.key, operation)
        try runtime.check(operation, put.key) { () throws(StoreError) in
            try NameRules.check(put.contentType, "contentType", maxBytes: 256)
            guard put.contentType.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .invalidArgument("contentType is printable ASCII")
            }
            var total = 0
            for (name, value) in put.metadata {
                try NameRules.check(name, "a metadata key", maxBytes: 128)
                let isPlain = name.utf8.allSatisfy { byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                }
                guard isPlain else {
                    throw .invalidArgument("metadata keys are lower-case ASCII letters, digits, '-' and '_'")
                }
                guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                    throw .invalidArgument("the metadata value of \(name) has a control character")
                }
                total += name.utf8.count + value.utf8.count
            }
            let most = capabilities.limits[.metadataBytes] ?? 2048
            guard total <= most else { throw StoreError(.tooLarge, "metadata has at most \(most) bytes; got \(total)") }
        }
        if !put.metadata.isEmpty { try runtime.require(.artifact(.metadata), operation) }
        switch put.condition {
        case .none: break
        case .ifAbsent: try runtime.require(.artifact(.putIfAbsent), operation)
        case .ifMatch(let etag):
            try runtime.check(operation) { () throws(StoreError) in try ETagRules.check(etag) }
            try runtime.require(.artifact(.putIfMatch), operation)
        }
    }
}
