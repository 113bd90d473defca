import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where a command reads from: a file descriptor, or memory. Read once, by one reader.
public final class Input: Sendable {
    private let descriptor: Int32?
    private let memory: Mutex<[UInt8]>
    private let pool = BlockingPool(label: "stores.input", threads: 1)

    /// The descriptor stays open.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
        memory = Mutex([])
    }

    public init(_ text: String) {
        descriptor = nil
        memory = Mutex(Array(text.utf8))
    }

    public init(bytes: [UInt8]) {
        descriptor = nil
        memory = Mutex(bytes)
    }

    /// Whether more can be read without waiting.
    var isReady: Bool {
        guard let descriptor else { return true }
        return Self.wait(descriptor, milliseconds: 0)
    }

    /// The next bytes as they come, at most `count`; nil at the end.
    func next(upTo count: Int = 64 << 10) async throws(StoreError) -> [UInt8]? {
        guard let descriptor else {
            return memory.withLock { bytes in
                guard !bytes.isEmpty else { return nil }
                defer { bytes.removeFirst(min(count, bytes.count)) }
                return Array(bytes.prefix(count))
            }
        }
        let isCancelled = CancellationFlag()
        let read = { @Sendable () throws(StoreError) -> [UInt8]? in
            // In slices, so that a cancelled command does not wait for its next line.
            while !Self.wait(descriptor, milliseconds: 100) {
                if isCancelled.isSet { throw .cancelled() }
            }
            return try Self.read(descriptor, count)
        }
        do {
            return try await withTaskCancellationHandler {
                try await pool.run(read)
            } onCancel: {
                isCancelled.set()
            }
        } catch {
            throw .wrapping(error)
        }
    }

    /// Everything, at most `limit` bytes.
    func all(upTo limit: Int = 256 << 20) async throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() {
            bytes.append(contentsOf: chunk)
            guard bytes.count <= limit else {
                throw StoreError(.tooLarge, "stdin has more than \(limit) bytes", applied: .no)
            }
        }
        return bytes
    }

    private static func wait(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        // An error counts as ready: the read says what it is.
        return poll(&waiting, 1, milliseconds) != 0
    }

    private static func read(_ descriptor: Int32, _ count: Int) throws(StoreError) -> [UInt8]? {
        var failed = false
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                #if canImport(Darwin)
                let got = Darwin.read(descriptor, buffer.baseAddress, count)
                #elseif canImport(Musl)
                let got = Musl.read(descriptor, buffer.baseAddress, count)
                #else
                let got = Glibc.read(descriptor, buffer.baseAddress, count)
                #endif
                failed = got < 0
                filled = max(0, got)
            }
            guard failed else { return bytes.isEmpty ? nil : bytes }
            guard errno == EINTR || errno == EAGAIN else { throw Files.failure("stdin") }
        }
    }

    private final class CancellationFlag: Sendable {
        private let flag = Atomic(false)
        var isSet: Bool { flag.load(ordering: .relaxed) }
        func set() { flag.store(true, ordering: .relaxed) }
    }
}
