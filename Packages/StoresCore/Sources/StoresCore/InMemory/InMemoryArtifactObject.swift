import Synchronization

/// One version of an object. Never changes: who reads an overwritten object goes on reading what it was.
final class InMemoryObject: Sendable {
    let info: ArtifactInfo
    private let chunks: [[UInt8]]
    /// Where each chunk begins.
    private let offsets: [Int64]

    init(info: ArtifactInfo, chunks: [[UInt8]]) {
        self.info = info
        self.chunks = chunks
        var offset: Int64 = 0
        offsets = chunks.map { chunk in
            defer { offset += Int64(chunk.count) }
            return offset
        }
    }

    /// The bytes from an offset to the end of the chunk that holds it, at most to `end`.
    func bytes(from offset: Int64, end: Int64) -> [UInt8] {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= offset { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return [] }
        let chunk = chunks[low - 1]
        let start = Int(offset - offsets[low - 1])
        let stop = Int(min(Int64(chunk.count), end - offsets[low - 1]))
        guard start < stop else { return [] }
        return start == 0 && stop == chunk.count ? chunk : Array(chunk[start..<stop])
    }

    /// Puts small chunks together, so that a body that comes byte by byte does not become an array for each.
    struct Builder {
        private static let chunkSize = 256 << 10
        private var chunks: [[UInt8]] = []
        private var pending: [UInt8] = []

        mutating func append(_ chunk: [UInt8]) {
            if chunk.count < Self.chunkSize {
                pending += chunk
                if pending.count >= Self.chunkSize { flush() }
            } else {
                flush()
                chunks.append(chunk)
            }
        }

        mutating func finish() -> [[UInt8]] {
            flush()
            return chunks
        }

        private mutating func flush() {
            if !pending.isEmpty { chunks.append(pending) }
            pending = []
        }
    }

    /// Hands out a part of an object.
    final class Reader: ArtifactChunks {
        private let object: InMemoryObject
        private let end: Int64
        private let offset: Mutex<Int64>

        init(_ object: InMemoryObject, _ range: Range<Int64>) {
            self.object = object
            end = range.upperBound
            offset = Mutex(range.lowerBound)
        }

        func next() async throws(StoreError) -> [UInt8]? {
            if Task.isCancelled { throw .cancelled() }
            return offset.withLock { offset in
                guard offset < end else { return nil }
                let bytes = object.bytes(from: offset, end: end)
                offset += Int64(bytes.count)
                return bytes.isEmpty ? nil : bytes
            }
        }
    }
}
