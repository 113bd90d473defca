import Synchronization

@testable import StoresCore

/// The in-memory driver with one defect. It also presigns, which the in-memory one can't.
struct BrokenArtifactDriver: PresigningArtifactDriver {
    let inner: InMemoryArtifactDriver
    let defect: ArtifactDefect?
    let state: BrokenState
    private let readers = Readers()

    private final class Readers: Sendable {
        let count = Atomic<Int>(0)
    }

    init(inner: InMemoryArtifactDriver, defect: String) {
        self.inner = inner
        self.defect = ArtifactDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    private func folded(_ key: String) -> String {
        switch defect {
        case .keysFolded: key.lowercased()
        case .pathsNormalised: key.split(separator: "/").joined(separator: "/")
        default: key
        }
    }

    private func shown(_ info: ArtifactInfo) -> ArtifactInfo {
        var info = info
        if defect == .etagConstant { info.etag = "same" }
        if defect == .sizeWrong { info.size += 1 }
        return info
    }

    private func small(_ bytes: [UInt8], _ context: CallContext) -> ArtifactBody {
        ArtifactBody(CollectionOfOne(bytes).async, deadline: context.deadline, maxSize: nil)
    }

    func put(_ request: ArtifactPut, body: ArtifactBody, context: CallContext) async throws(StoreError) -> ArtifactInfo
    {
        try await state.take()
        var request = request
        request.key = folded(request.key)
        switch defect {
        case .conditionsIgnored: request.condition = .none
        case .metadataLost: request.metadata = [:]
        case .metadataCut: request.metadata = request.metadata.mapValues { String($0.prefix(100)) }
        case .deletedFirst:
            _ = try await inner.delete([request.key], context: context)
            try? await Task.sleep(for: .milliseconds(2))
        case .visibleEarly, .partStays: _ = try await inner.put(request, body: small([0], context), context: context)
        case .writesLost:
            let info = try await inner.put(request, body: body, context: context)
            _ = try await inner.delete([request.key], context: context)
            return info
        default: break
        }
        return shown(try await inner.put(request, body: body, context: context))
    }

    func head(_ key: String, context: CallContext) async throws(StoreError) -> ArtifactInfo? {
        var info = try await inner.head(folded(key), context: context).map(shown)
        if defect == .etagsIgnored { info?.etag = "\(readers.count.add(1, ordering: .relaxed).newValue)" }
        return info
    }

    func get(_ key: String, range: ByteRange?, context: CallContext) async throws(StoreError) -> ArtifactDownload? {
        if defect == .readersLeak, readers.count.add(1, ordering: .relaxed).newValue > 100 {
            throw StoreError(.internal, "no connection is free")
        }
        var range = range
        if defect == .rangeCut, case .bytes(let offset, let length) = range, length > 0, offset >= 0 {
            let size = try await inner.head(key, context: context)?.size ?? 0
            if offset < size { range = .bytes(offset: offset, length: min(length, size - offset)) }
        }
        let wanted = range
        let found = try await state.call { () async throws(StoreError) in
            try await inner.get(folded(key), range: wanted, context: context)
        }
        if defect == .errorsOnTwoLines, found == nil { throw StoreError(.notFound, "missing\nDETAIL: row") }
        if defect == .missingIsEmpty, found == nil {
            let info = ArtifactInfo(
                key: key, size: 0, etag: "none", contentType: "a/b", metadata: [:], modified: context.now, sha256: nil)
            return ArtifactDownload(info: info, range: 0..<0, chunks: FlippedChunks(nil))
        }
        guard var download = found else { return nil }
        download.info = shown(download.info)
        if defect == .bytesFlipped { download.chunks = FlippedChunks(download.chunks) }
        return download
    }

    func delete(_ keys: [String], context: CallContext) async throws(StoreError) -> [Result<Bool, StoreError>] {
        if defect == .bulkStops {
            return try await inner.delete(Array(keys.prefix(10)), context: context)
                + keys.dropFirst(10).map { _ in .success(true) }
        }
        let results = try await inner.delete(keys.map(folded), context: context)
        return defect == .deleteSaysTrue ? results.map { _ in .success(true) } : results
    }

    func list(_ request: ArtifactList, context: CallContext) async throws(StoreError) -> ArtifactListing {
        var page = try await inner.list(request, context: context)
        switch defect {
        case .listingUnsorted: page.objects.reverse()
        case .prefixIsSegment:
            page.objects.removeAll {
                $0.key != request.prefix && !$0.key.hasPrefix(request.prefix + "/") && !request.prefix.hasSuffix("/")
            }
        case .delimiterRepeats: page.commonPrefixes += page.commonPrefixes
        default: break
        }
        return page
    }

    func presign(_ method: PresignedMethod, key: String, expires: Duration, context: CallContext)
        async throws(StoreError) -> PresignedRequest
    {
        let digits = Array("0123456789ABCDEF")
        let path = key.utf8.map { "%\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined()
        return PresignedRequest(
            method: method,
            url: "https://127.0.0.1/\(defect == .presignUnencoded ? key : path)?method=\(method.rawValue)",
            headers: [:], expiresAt: context.now.advanced(by: expires))
    }
}

/// The chunks of another source, each with a bit flipped; without a source, none.
private final class FlippedChunks: ArtifactChunks {
    private let inner: (any ArtifactChunks)?

    init(_ inner: (any ArtifactChunks)?) { self.inner = inner }

    func next() async throws(StoreError) -> [UInt8]? {
        guard var chunk = try await inner?.next() else { return nil }
        if !chunk.isEmpty { chunk[0] ^= 1 }
        return chunk
    }
}
