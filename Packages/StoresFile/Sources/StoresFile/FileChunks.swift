public import StoresCore

/// The bytes of a file on disk, chunk by chunk: the body of an upload, with flat memory.
///
/// ```swift
/// try await stores.artifact.put("reports/2026.pdf", body: FileChunks(path: "/tmp/report.pdf"))
/// ```
///
/// Blocking reads run on a thread of its own, not on the cooperative pool. Each iteration opens the file anew.
///
/// - Throws: From `next()`: `notFound`, `permissionDenied`, `invalidArgument` for a directory, `cancelled`.
public struct FileChunks: AsyncSequence, Sendable {
    public typealias Element = [UInt8]
    public typealias Failure = StoreError

    public let path: String
    /// Bytes of each chunk but the last, 1 to 4 MiB.
    public let chunkSize: Int
    private let pool: BlockingPool

    /// - Parameters:
    ///   - path: Relative paths start at the working directory.
    ///   - chunkSize: Bytes; brought into 1 … 4 MiB.
    ///   - pool: Where to read; by default one thread for this sequence.
    public init(path: String, chunkSize: Int = 512 << 10, pool: BlockingPool? = nil) {
        self.path = path
        self.chunkSize = Swift.min(Swift.max(1, chunkSize), 4 << 20)
        self.pool = pool ?? BlockingPool(label: "stores.file.chunks", threads: 1)
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(path: path, chunkSize: chunkSize, pool: pool)
    }

    public struct Iterator: AsyncIteratorProtocol {
        private let path: String
        private let chunkSize: Int
        private let pool: BlockingPool
        private var file: Descriptor?
        private var isDone = false

        init(path: String, chunkSize: Int, pool: BlockingPool) {
            self.path = path
            self.chunkSize = chunkSize
            self.pool = pool
        }

        public mutating func next() async throws(StoreError) -> [UInt8]? {
            try await next(isolation: #isolation)
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(StoreError) -> [UInt8]? {
            guard !isDone else { return nil }
            let (path, count, open) = (path, chunkSize, file)
            do throws(StoreError) {
                let (file, bytes) = try await pool.run { () throws(StoreError) in
                    do throws(FileError) {
                        let file: Descriptor
                        if let open { file = open } else { file = try FileChunks.open(path) }
                        return (file, try Posix.readNext(file, count: count) { path })
                    } catch {
                        throw error.callersFileError
                    }
                }
                self.file = file
                guard bytes.isEmpty else { return bytes }
            } catch {
                isDone = true
                file = nil
                throw error
            }
            isDone = true
            file = nil
            return nil
        }
    }

    private static func open(_ path: String) throws(FileError) -> Descriptor {
        let file = try Posix.openFile(path)
        Posix.willReadSequentially(file)
        return file
    }
}
