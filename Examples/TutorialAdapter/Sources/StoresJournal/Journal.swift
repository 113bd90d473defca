import StoresCore
import Synchronization

/// The file and what it says. Every operation locks the file, reads what other processes have added, and then adds its
/// own lines: so any number of processes may share it.
final class Journal: Sendable {
    private struct Opened {
        var file: JournalFile
        var state = JournalState()
    }

    let path: String
    private let createsFile: Bool
    private let opened = Mutex<Opened?>(nil)
    /// File I/O blocks, and so does the lock: never on the threads that run Swift's tasks.
    private let pool = BlockingPool(label: "stores.journal", threads: 1)

    init(path: String, createsFile: Bool) {
        self.path = path
        self.createsFile = createsFile
    }

    /// Idempotent (X5).
    func open(_ context: CallContext) async throws(StoreError) {
        try await pool.run { () throws(StoreError) in
            try self.opened.withLock { opened throws(StoreError) in
                if opened == nil { opened = Opened(file: try JournalFile(path: self.path, creates: self.createsFile)) }
            }
        }
        // Reads it whole: what is no journal is refused now rather than at the first call.
        _ = try await perform(context) { state, _ in state.lastEtag }
    }

    func close() {
        opened.withLock { $0 = nil }
    }

    /// Runs an operation on the newest state; the lines that it adds are written before anybody sees them.
    func perform<T: Sendable>(
        _ context: CallContext,
        _ body: @escaping @Sendable (JournalState, inout [JournalLine]) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try context.check(applied: .no)
        return try await pool.run { () throws(StoreError) -> T in
            try self.opened.withLock { opened throws(StoreError) -> T in
                guard var current = opened else {
                    throw StoreError(.unavailable, "the journal is not open", applied: .no, isRetryable: false)
                }
                // Moved out and back, so that its dictionary is changed in place.
                opened = nil
                defer { opened = current }
                try current.file.lock(until: context.deadline)
                defer { current.file.unlock() }
                try Self.catchUp(&current)
                var lines: [JournalLine] = []
                let result = try body(current.state, &lines)
                try Self.append(lines, &current)
                return result
            }
        }
    }

    /// The first line: a file without it is somebody else's, and is not written to.
    private static let header = Array(#"{"journal":1}"#.utf8) + [UInt8(ascii: "\n")]

    private static func catchUp(_ current: inout Opened) throws(StoreError) {
        let bytes = try current.file.read(from: current.state.offset)
        var start = bytes.startIndex
        if current.state.offset == 0 {
            if bytes.count < header.count, header.starts(with: bytes) {
                try current.file.write(header, at: 0)
                current.state.offset = header.count
                return
            }
            guard bytes.starts(with: header) else {
                throw StoreError(
                    .corrupt, "the file is no journal",
                    remedy: "name another file in JOURNAL_PATH, or restore this one")
            }
            start = header.count
            current.state.offset = header.count
        }
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            current.state.apply(try JournalLine.decode(bytes[start..<end], at: current.state.offset))
            current.state.offset += end - start + 1
            start = end + 1
        }
        // Whoever wrote half a line died with it: we hold the lock, so nobody is still writing.
        if start < bytes.endIndex { try current.file.truncate(to: current.state.offset) }
    }

    private static func append(_ lines: [JournalLine], _ current: inout Opened) throws(StoreError) {
        guard !lines.isEmpty else { return }
        var bytes: [UInt8] = []
        for line in lines { bytes += try line.encoded() }
        try current.file.write(bytes, at: current.state.offset)
        for line in lines { current.state.apply(line) }
        current.state.offset += bytes.count
    }
}
