#if SQLite
public import StoresCore

extension SQLiteConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `SQLITE_PATH` | `./.local-data/stores.sqlite` | the file |
    /// | `SQLITE_SYNCHRONOUS` | `full` | `full`: a commit survives a power cut; `normal`: only the process's death |
    /// | `SQLITE_BUSY_TIMEOUT` | `5s` | how long a call waits for another process's write |
    /// | `SQLITE_INTEGRITY_CHECK` | `auto` | check the whole file at start: `auto` (up to 2 MiB), `always`, `never` |
    ///
    /// - Throws: `invalidArgument` for a path that is no file's.
    public init(_ settings: Settings) throws(StoreError) {
        self.init()
        if let path = settings.string("SQLITE_PATH") { self.path = path }
        if path == ":memory:" || path.isEmpty {
            throw StoreError(
                .invalidArgument, "SQLITE_PATH names a file; \"\(path)\" is none",
                remedy: "for stores that live in memory choose the adapter memory, for example STORE_VECTOR=memory",
                applied: .no, phase: .configuration)
        }
        guard !path.utf8.contains(0) else {
            throw StoreError(.invalidArgument, "SQLITE_PATH has no NUL", applied: .no, phase: .configuration)
        }
        if let text = settings.string("SQLITE_SYNCHRONOUS"), let value = Synchronous(rawValue: text) {
            synchronous = value
        }
        if let value = settings.duration("SQLITE_BUSY_TIMEOUT") { busyTimeout = value }
        if let text = settings.string("SQLITE_INTEGRITY_CHECK"), let value = IntegrityCheck(rawValue: text) {
            integrityCheck = value
        }
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "SQLITE_PATH", .path, default: "./.local-data/stores.sqlite",
            example: "/var/lib/app/stores.sqlite",
            summary: "The database file; it and its folder are made when they are missing."),
        SettingDescription(
            "SQLITE_SYNCHRONOUS", .choice, default: "full", allowed: Synchronous.allCases.map(\.rawValue),
            summary: "full: a commit survives a power cut; normal: faster, and survives the death of the process."),
        SettingDescription(
            "SQLITE_BUSY_TIMEOUT", .duration, default: "5s",
            summary: "How long a call waits, within its deadline, while another process writes."),
        SettingDescription(
            "SQLITE_INTEGRITY_CHECK", .choice, default: "auto", allowed: ["auto", "always", "never"],
            summary: "Whether starting checks the whole file; auto does for files of up to 2 MiB."),
    ]
}
#endif
