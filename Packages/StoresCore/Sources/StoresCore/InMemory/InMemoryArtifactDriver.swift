import Synchronization

/// Objects in memory: the reference for the artifact tier.
public final class InMemoryArtifactDriver: ArtifactDriver {
    private struct State {
        var objects: [ByteKey: InMemoryObject] = [:]
        var order = InMemoryOrderedKeys<ByteKey>()
        var etags = InMemoryEtags()
    }

    private let behavior: InMemoryBehavior
    private let state = Mutex(State())

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    public func put(_ request: ArtifactPut, body: ArtifactBody, context: CallContext) async throws(StoreError)
        -> ArtifactInfo
    {
        let key = ByteKey(request.key)
        try context.check("artifact.put", applied: .no)
        try behavior.faults?.strike(.artifact, "put", .before)
        // Before the first byte is pulled, so that a body is not consumed in vain.
        try state.withLock { (state) throws(StoreError) in try Self.check(request.condition, state.objects[key]) }
        var bytes = InMemoryObject.Builder()
        while let chunk = try await body.next() { bytes.append(chunk) }
        try context.check("artifact.put", applied: .no)
        let (chunks, size, sha256) = (bytes.finish(), body.size, body.sha256)
        let info = try state.withLock { (state) throws(StoreError) -> ArtifactInfo in
            // And when it takes effect: somebody may have been faster while the body came in.
            try Self.check(request.condition, state.objects[key])
            let info = ArtifactInfo(
                key: request.key, size: size, etag: state.etags.next(context.ids), contentType: request.contentType,
                metadata: request.metadata, modified: context.now, sha256: sha256)
            state.objects[key] = InMemoryObject(info: info, chunks: chunks)
            state.order.insert(key)
            return info
        }
        try behavior.faults?.strike(.artifact, "put", .after)
        return info
    }

    public func head(_ key: String, context: CallContext) async throws(StoreError) -> ArtifactInfo? {
        try behavior.perform(.artifact, "head", context) {
            state.withLock { $0.objects[ByteKey(key)]?.info }
        }
    }

    public func get(_ key: String, range: ByteRange?, context: CallContext) async throws(StoreError)
        -> ArtifactDownload?
    {
        try behavior.perform(.artifact, "get", context) { () throws(StoreError) -> ArtifactDownload? in
            guard let object = state.withLock({ $0.objects[ByteKey(key)] }) else { return nil }
            var bytes = 0..<object.info.size
            if let range {
                guard let resolved = range.resolved(size: object.info.size) else {
                    throw .invalidArgument(
                        "the range passes the end of the object, which has \(object.info.size) bytes", resource: key)
                }
                bytes = resolved
            }
            return ArtifactDownload(
                info: object.info, range: bytes, chunks: InMemoryObject.Reader(object, bytes))
        }
    }

    public func delete(_ keys: [String], context: CallContext) async throws(StoreError) -> [Result<Bool, StoreError>] {
        try behavior.perform(.artifact, "delete", context) {
            state.withLock { state in
                keys.map { key in
                    state.order.remove(ByteKey(key))
                    return .success(state.objects.removeValue(forKey: ByteKey(key)) != nil)
                }
            }
        }
    }

    public func list(_ request: ArtifactList, context: CallContext) async throws(StoreError) -> ArtifactListing {
        try behavior.perform(.artifact, "list", context) { () throws(StoreError) -> ArtifactListing in
            let start = try request.cursor.map { (cursor) throws(StoreError) in try InMemoryListPosition(cursor) }
            return state.withLock { Self.list(request, start, $0) }
        }
    }

    private static func list(_ request: ArtifactList, _ start: InMemoryListPosition?, _ state: State) -> ArtifactListing
    {
        let prefix = ByteKey(request.prefix)
        var listing = ArtifactListing(objects: [])
        var last = start
        state.order.forEach { key in
            key < prefix || start?.isPast(key) == false
        } _: { key in
            guard key.hasPrefix(prefix) else { return false }
            if case .prefix(let rolled) = last, key.hasPrefix(rolled) { return true }
            guard listing.objects.count + listing.commonPrefixes.count < request.limit else {
                listing.next = last?.cursor
                return false
            }
            if let common = commonPrefix(of: key, after: prefix, request.delimiter) {
                listing.commonPrefixes.append(common.text)
                last = .prefix(common)
            } else if let object = state.objects[key] {
                listing.objects.append(object.info)
                last = .key(key)
            }
            return true
        }
        return listing
    }

    /// The part of the key up to and including the first delimiter after the prefix.
    private static func commonPrefix(of key: ByteKey, after prefix: ByteKey, _ delimiter: String?) -> ByteKey? {
        guard let delimiter = delimiter.map({ Array($0.utf8) }), !delimiter.isEmpty else { return nil }
        let bytes = Array(key.text.utf8)
        var start = prefix.text.utf8.count
        while start + delimiter.count <= bytes.count {
            if bytes[start..<start + delimiter.count].elementsEqual(delimiter) {
                return ByteKey(String(decoding: bytes[..<(start + delimiter.count)], as: UTF8.self))
            }
            start += 1
        }
        return nil
    }

    private static func check(_ condition: ArtifactCondition, _ object: InMemoryObject?) throws(StoreError) {
        let message: String
        switch condition {
        case .none: return
        case .ifAbsent:
            if object == nil { return }
            message = "the object must be absent; it is there"
        case .ifMatch(let etag):
            if let object, ByteKey(object.info.etag) == ByteKey(etag) { return }
            message = object == nil ? "the object is missing" : "the object has another etag"
        }
        throw StoreError(
            .conflict, message, remedy: "read the object's etag again and decide anew", applied: .no,
            conflict: .etag(current: object?.info.etag))
    }
}

/// Where a listing goes on: after a key, or after every key of a common prefix.
enum InMemoryListPosition {
    case key(ByteKey)
    case prefix(ByteKey)

    init(_ cursor: Cursor) throws(StoreError) {
        let parts = try CursorCodec.decode(cursor, parts: 2...2)
        switch parts[0] {
        case "k": self = .key(ByteKey(parts[1]))
        case "p": self = .prefix(ByteKey(parts[1]))
        default: throw CursorCodec.refused
        }
    }

    var cursor: Cursor {
        switch self {
        case .key(let key): CursorCodec.encode(["k", key.text])
        case .prefix(let prefix): CursorCodec.encode(["p", prefix.text])
        }
    }

    /// Whether the key comes after this position.
    func isPast(_ key: ByteKey) -> Bool {
        switch self {
        case .key(let last): last < key
        case .prefix(let prefix): prefix < key && !key.hasPrefix(prefix)
        }
    }
}
