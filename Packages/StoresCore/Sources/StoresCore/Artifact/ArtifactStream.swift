/// An object that is being read.
public struct Artifact: Sendable {
    public var info: ArtifactInfo
    /// The bytes of the object that `body` holds.
    public var range: Range<Int64>
    /// Read once.
    public var body: ArtifactStream
}

/// The bytes of an object, chunk by chunk, at the reader's pace. Read once, by one reader; what it holds is freed at
/// the end, or when it is dropped. A shutdown waits for it as for a call under way, at most the drain time-out.
///
/// - Throws: `unavailable` after the shutdown; `corrupt` when the bytes are not as many as announced,
///   or, for a whole object, not those of its SHA-256.
public struct ArtifactStream: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = StoreError

    private let source: Source

    init(_ download: ArtifactDownload, _ stream: CallGate.OpenStream, runtime: TierRuntime) {
        source = Source(download, stream, runtime: runtime)
    }

    public func makeAsyncIterator() -> Iterator { Iterator(source: source) }

    public struct Iterator: AsyncIteratorProtocol {
        let source: Source

        public mutating func next() async throws(StoreError) -> [UInt8]? { try await source.next() }
        public mutating func next(isolation: isolated (any Actor)?) async throws(StoreError) -> [UInt8]? {
            try await source.next()
        }
    }

    /// The whole body in memory.
    ///
    /// - Throws: `tooLarge` when it is larger than `limit` bytes.
    public func collect(upTo limit: Int) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await source.next() {
            guard chunk.count <= limit - bytes.count else {
                throw StoreError(.tooLarge, "the body is larger than \(limit) bytes")
            }
            bytes.append(contentsOf: chunk)
        }
        return bytes
    }

    /// Unchecked: the state is touched by `next` alone, which the one reader calls sequentially.
    final class Source: @unchecked Sendable {
        private let runtime: TierRuntime
        private let info: ArtifactInfo
        private let range: Range<Int64>
        private var chunks: (any ArtifactChunks)?
        private var stream: CallGate.OpenStream?
        private var digest: SHA256Digest?
        private var received: Int64 = 0

        init(_ download: ArtifactDownload, _ stream: CallGate.OpenStream, runtime: TierRuntime) {
            self.runtime = runtime
            self.stream = stream
            info = download.info
            range = download.range
            chunks = download.chunks
            digest = range.lowerBound == 0 && range.upperBound == info.size && info.sha256 != nil ? SHA256Digest() : nil
        }

        deinit { end() }

        func next() async throws(StoreError) -> [UInt8]? {
            guard let chunks else { return nil }
            do throws(StoreError) {
                if Task.isCancelled { throw StoreError.cancelled() }
                try stream?.check()
                guard let chunk = try await chunks.next() else {
                    end()
                    try verify()
                    return nil
                }
                received += Int64(chunk.count)
                digest?.update(chunk)
                return chunk
            } catch {
                end()
                throw runtime.complete(error, "get", info.key)
            }
        }

        /// Frees what the driver holds first: a shutdown goes on when the stream is closed.
        private func end() {
            chunks = nil
            stream = nil
        }

        private func verify() throws(StoreError) {
            guard received == Int64(range.count) else {
                throw StoreError(.corrupt, "the body ended after \(received) of \(range.count) bytes")
            }
            guard let digest, let expected = info.sha256, digest.hexadecimal() != expected else { return }
            throw StoreError(
                .corrupt, "the body does not have the SHA-256 that was stored with it",
                remedy: "restore the object from a copy, or delete it")
        }
    }
}

extension CollectionOfOne where Element: Sendable {
    /// This one element as an asynchronous sequence.
    var async: AsyncStream<Element> {
        AsyncStream { continuation in
            for element in self { continuation.yield(element) }
            continuation.finish()
        }
    }
}
