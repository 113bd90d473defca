import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The reader of the output went away: the command ends, quietly.
struct BrokenPipe: Error {}

/// Where text goes: a file descriptor, buffered, or memory.
public final class Output: Sendable {
    private let descriptor: Int32?
    private let buffer = Mutex<[UInt8]>([])
    private let pool = BlockingPool(label: "stores.output", threads: 1)
    private static let flushSize = 64 << 10

    /// The descriptor stays open.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Collects what is written; see ``text``.
    public init() {
        descriptor = nil
    }

    /// What was written to memory so far, or waits to be flushed.
    public var text: String { String(decoding: buffer.withLock { $0 }, as: UTF8.self) }
    public var bytes: [UInt8] { buffer.withLock { $0 } }

    var isTerminal: Bool { descriptor.map { isatty($0) == 1 } ?? false }

    func write(_ text: String) async throws { try await write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) async throws {
        let isFull = buffer.withLock {
            $0.append(contentsOf: bytes)
            return $0.count >= Self.flushSize
        }
        if isFull { try await flush() }
    }

    /// - Throws: ``BrokenPipe``, or a `StoreError` for a full disk and the like.
    func flush() async throws {
        guard let descriptor else { return }
        let bytes = buffer.withLock { buffer in
            defer { buffer.removeAll(keepingCapacity: true) }
            return buffer
        }
        guard !bytes.isEmpty else { return }
        // A cancelled task still says what it did.
        let isOpen = try await Task { [pool] () throws -> Bool in
            try await pool.run { () throws(StoreError) in try Self.writeAll(bytes, descriptor) }
        }.value
        if !isOpen { throw BrokenPipe() }
    }

    /// Past the buffer; failures are ignored. For messages.
    func writeNow(_ bytes: [UInt8]) {
        guard let descriptor else { return buffer.withLock { $0.append(contentsOf: bytes) } }
        _ = try? Self.writeAll(bytes, descriptor)
    }

    /// - Returns: False when the reader is gone.
    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) throws(StoreError) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes {
                #if canImport(Darwin)
                Darwin.write(descriptor, $0.baseAddress?.advanced(by: start), bytes.count - start)
                #elseif canImport(Musl)
                Musl.write(descriptor, $0.baseAddress?.advanced(by: start), bytes.count - start)
                #else
                Glibc.write(descriptor, $0.baseAddress?.advanced(by: start), bytes.count - start)
                #endif
            }
            if count >= 0 {
                start += count
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&waiting, 1, -1)
            case EPIPE: return false
            default: throw Files.failure("the output")
            }
        }
        return true
    }
}
