/// The body of a put as a driver pulls it: counted and hashed on its way.
///
/// One consumer, one call of ``next()`` at a time: the driver's `put`.
public final class ArtifactBody: @unchecked Sendable {
    // Unchecked: the state is touched by `next` alone, which the one consumer calls sequentially.
    private var pull: () async throws -> [UInt8]?
    private var digest = SHA256Digest()
    /// The caller's chunk, and how much of it was handed out.
    private var rest: [UInt8] = []
    private var offset = 0
    private let deadline: Deadline
    private let maxSize: Int64?

    /// Bytes handed out so far; after the end, the size of the object.
    public private(set) var size: Int64 = 0
    /// Lower-case hexadecimal; nil until the end was reached.
    public private(set) var sha256: String?
    /// Whether any byte was pulled from the caller: then the put can't be tried again.
    public private(set) var isStarted = false

    static let maxChunk = 4 << 20

    init<S: AsyncSequence>(_ sequence: sending S, deadline: Deadline, maxSize: Int64?)
    where S.Element == [UInt8] {
        // Unsafe: moved in here with the sequence, and used by `next` alone.
        nonisolated(unsafe) var iterator = sequence.makeAsyncIterator()
        pull = { try await iterator.next() }
        self.deadline = deadline
        self.maxSize = maxSize
    }

    /// The next 1 byte to 4 MiB, or nil at the end.
    ///
    /// - Throws: `tooLarge` past the backend's limit, `cancelled`, `timeout`, or `internal` around what the caller's
    ///   sequence threw, a `StoreError` of another store too. None of them is the backend's fault: all are
    ///   ``StoreError/isLocal``.
    public func next() async throws(StoreError) -> [UInt8]? {
        isStarted = true
        while offset == rest.count {
            if Task.isCancelled { throw .cancelled(applied: .no) }
            if deadline.hasPassed { throw .timeout("the upload", applied: .no).local }
            do {
                guard let chunk = try await pull() else {
                    if sha256 == nil { sha256 = digest.hexadecimal() }
                    return nil
                }
                (rest, offset) = (chunk, 0)
            } catch {
                if error is CancellationError || Task.isCancelled { throw .cancelled(applied: .no) }
                throw StoreError(
                    .internal, "the body's sequence failed after \(size) bytes", applied: .no, isLocal: true,
                    underlying: error)
            }
        }
        let chunk: [UInt8]
        if offset == 0, rest.count <= Self.maxChunk {
            (chunk, rest) = (rest, [])
        } else {
            let end = min(offset + Self.maxChunk, rest.count)
            chunk = Array(rest[offset..<end])
            offset = end
            if offset == rest.count { (rest, offset) = ([], 0) }
        }
        size += Int64(chunk.count)
        if let maxSize, size > maxSize {
            throw StoreError(.tooLarge, "the object is larger than \(maxSize) bytes", applied: .no, isLocal: true)
        }
        digest.update(chunk)
        return chunk
    }
}
