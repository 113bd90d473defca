#if SQLite
/// How the SQLite adapter opens its file.
public struct SQLiteConfiguration: Sendable, Hashable {
    /// When a commit counts as done.
    public enum Synchronous: String, Sendable, Hashable, CaseIterable {
        /// The operating system has it: it survives the death of the process, and a power cut may lose the last
        /// commits, never more (the file stays whole).
        case normal
        /// The disk has it: it survives a power cut as well.
        case full
    }

    /// Whether starting reads the whole file and checks it.
    public enum IntegrityCheck: String, Sendable, Hashable, CaseIterable {
        /// When the file has at most 2 MiB, which takes 5 to 10 ms; 15 MiB take 50 ms.
        case auto
        case always, never

        static let autoBytes: Int64 = 2 << 20
    }

    /// The file; it is made when it is missing. SQLite keeps `-wal` and `-shm` files beside it.
    public var path: String
    public var synchronous: Synchronous
    /// How long a call waits, within its deadline, while another process writes.
    public var busyTimeout: Duration
    public var integrityCheck: IntegrityCheck
    /// Reads that run at the same time, each on a connection of its own with a page cache of up to 32 MiB.
    public var maximumReaders: Int

    public init(
        path: String = "./.local-data/stores.sqlite", synchronous: Synchronous = .full,
        busyTimeout: Duration = .seconds(5), integrityCheck: IntegrityCheck = .auto, maximumReaders: Int = 4
    ) {
        self.path = path
        self.synchronous = synchronous
        self.busyTimeout = busyTimeout
        self.integrityCheck = integrityCheck
        self.maximumReaders = maximumReaders
    }
}
#endif
