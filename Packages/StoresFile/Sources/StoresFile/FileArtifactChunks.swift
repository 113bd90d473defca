import StoresCore
import Synchronization

/// The bytes of an opened object. Its file is closed with the last reference.
final class FileArtifactChunks: ArtifactChunks {
    static let chunkBytes = 512 << 10

    private let file: Descriptor
    private let path: String
    private let threads: FileThreads
    private let context: CallContext
    private let end: Int64
    private let position: Mutex<Int64>

    init(_ file: Descriptor, range: Range<Int64>, path: String, threads: FileThreads, context: CallContext) {
        self.file = file
        self.path = path
        self.threads = threads
        self.context = context
        end = range.upperBound
        position = Mutex(range.lowerBound)
        Posix.willReadSequentially(file)
    }

    func next() async throws(StoreError) -> [UInt8]? {
        let start = position.withLock { $0 }
        guard start < end else { return nil }
        let (file, path) = (file, path)
        let count = Int(min(Int64(Self.chunkBytes), end - start))
        let bytes = try await threads.run(context) { _ throws(FileError) in
            let bytes = try Posix.read(file, at: start, count: count) { path }
            guard bytes.count == count else { throw .corrupt("the file shrank while it was read", path: path) }
            return bytes
        }
        position.withLock { $0 = start + Int64(count) }
        return bytes
    }
}
