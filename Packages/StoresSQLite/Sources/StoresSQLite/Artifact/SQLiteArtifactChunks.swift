#if SQLite
import StoresCore
import Synchronization

/// An object that is being read, chunk by chunk; holds neither a connection nor a transaction between them.
final class SQLiteArtifactChunks: ArtifactChunks {
    private let backend: SQLiteBackend
    private let object: Int64
    private let info: ArtifactInfo
    private let deadline: Deadline
    private let range: Range<Int64>
    private let position: Mutex<Int64>

    init(
        _ backend: SQLiteBackend, _ object: Int64, _ info: ArtifactInfo, _ range: Range<Int64>, _ deadline: Deadline
    ) {
        self.backend = backend
        self.object = object
        self.info = info
        self.deadline = deadline
        self.range = range
        position = Mutex(range.lowerBound)
    }

    func next() async throws(StoreError) -> [UInt8]? {
        let start = position.withLock { $0 }
        guard start < range.upperBound else { return nil }
        let size = Int64(SQLiteArtifactObjects.chunkBytes)
        let (index, offset) = (start / size, Int(start % size))
        let (object, key, length) = (object, info.key, Int(min(size, info.size - index * size)))
        let chunk = try await backend.read(deadline: deadline) { (connection) throws(StoreError) in
            if let chunk = try SQLiteArtifactObjects(connection: connection).chunk(index, of: object) {
                guard chunk.count == length else {
                    throw .corruptFile(connection.path, "a part of an object has another length")
                        .filling(resource: key)
                }
                return chunk
            }
            let isThere = try SQLiteArtifacts(connection: connection).find(key)?.object == object
            if isThere {
                throw .corruptFile(connection.path, "a part of an object is missing").filling(resource: key)
            }
            throw StoreError(
                .unavailable, "the object was replaced or deleted long ago while it was being read",
                remedy: "read it again from the start", resource: key, applied: .no)
        }
        let part = chunk[offset..<min(chunk.count, offset + Int(clamping: range.upperBound - start))]
        position.withLock { $0 = start + Int64(part.count) }
        return Array(part)
    }
}
#endif
