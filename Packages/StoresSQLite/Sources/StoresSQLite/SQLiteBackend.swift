#if SQLite
import GRDB
import GRDBSQLite
import Logging
public import StoresCore
import Synchronization

/// One SQLite file: a GRDB `DatabasePool`, with a gate before its writer and one before its readers.
public final class SQLiteBackend: StoreBackend {
    let configuration: SQLiteConfiguration
    let schemaMode: SchemaMode
    let logger: Logger
    let signal: SQLiteEventSignal

    private let pool = Mutex<DatabasePool?>(nil)
    private let starting = SQLiteGate(places: 1, what: "another start")
    // SQLite has a single writer. Calls wait for it here rather than in GRDB's queue, because here they can leave.
    let writer = SQLiteGate(places: 1, what: "the file's writer")
    private let readers: SQLiteGate
    // GRDB's own asynchronous calls change threads four times; here a call goes to a thread and comes back. There is
    // one for each place behind the gates, so that nobody waits for a thread where it couldn't leave.
    private let threads: BlockingPool

    init(_ configuration: SQLiteConfiguration, context: AdapterContext) {
        self.configuration = configuration
        schemaMode = context.schemaMode
        logger = context.logger
        let places = max(1, configuration.maximumReaders)
        readers = SQLiteGate(places: places, what: "a free reader")
        threads = BlockingPool(label: "stores.sqlite", threads: places + 1)
        signal = SQLiteEventSignal()
    }

    public var endpoint: String { configuration.path }
    var path: String { configuration.path }

    /// The `DatabasePool`, once started.
    public var native: any Sendable { pool.withLock { $0 } ?? SQLiteNotStarted() }

    public func capabilities(of tier: Tier) -> TierCapabilities? { StoresSQLite.tiers[tier] }

    public var vector: (any VectorDriver)? { SQLiteVectorDriver(backend: self) }
    public var memory: (any MemoryDriver)? { SQLiteMemoryDriver(backend: self) }
    public var session: (any SessionDriver)? { SQLiteSessionDriver(backend: self) }
    public var artifact: (any ArtifactDriver)? { SQLiteArtifactDriver(backend: self) }
    public var event: (any EventDriver)? { SQLiteEventDriver(backend: self) }
    public var search: (any SearchDriver)? { SQLiteSearchDriver(backend: self) }

    public func start(context: CallContext) async throws(StoreError) {
        try await starting.enter(deadline: context.deadline)
        defer { starting.leave() }
        if pool.withLock({ $0 != nil }) { return }
        try prepareFile()
        let opened = try await open(context)
        pool.withLock { $0 = opened }
        do {
            try await prepareSchema(context)
        } catch {
            pool.withLock { $0 = nil }
            try? opened.close()
            throw error.filling(endpoint: path, applied: .no, phase: .schema)
        }
    }

    private func prepareFile() throws(StoreError) {
        guard sqlite3_libversion_number() >= 3_037_000 else {
            throw StoreError(
                .unsupported, "SQLite \(String(cString: sqlite3_libversion())) is too old; 3.37 is the oldest",
                remedy: "install a later libsqlite3", applied: .no, phase: .version)
        }
        if schemaMode == .create {
            try SQLitePath.makeFolder(SQLitePath.folder(of: path))
        } else if !SQLitePath.exists(path) {
            throw StoreError(
                .notFound, "\(path) does not exist, and schema mode \(schemaMode.rawValue) makes nothing",
                remedy: "let SQLITE_PATH name the file, or open the stores with schema mode create", applied: .no,
                phase: .open)
        }
    }

    private func open(_ context: CallContext) async throws(StoreError) -> DatabasePool {
        let blocking = BlockingPool(label: "stores.sqlite.open", threads: 1)
        while true {
            do {
                return try await blocking.run { [configuration] () throws(StoreError) in
                    try Self.openPool(configuration, deadline: context.deadline)
                }
            } catch {
                // Several processes that open a new file at once get in each other's way for a moment.
                guard error.code == .unavailable, error.isRetryable, !context.deadline.hasPassed else {
                    throw error.filling(endpoint: path, phase: .open)
                }
                do {
                    try await Task.sleep(for: .milliseconds(5))
                } catch {
                    throw .cancelled(applied: .no).filling(phase: .open)
                }
            }
        }
    }

    private static func openPool(_ configuration: SQLiteConfiguration, deadline: Deadline) throws(StoreError)
        -> DatabasePool
    {
        var options = Configuration()
        options.label = "stores.sqlite"
        options.maximumReaderCount = max(1, configuration.maximumReaders)
        let wait = min(configuration.busyTimeout, deadline.remaining)
        options.busyMode = .timeout(Double(wait.wholeMilliseconds) / 1000)
        options.prepareDatabase { db in
            try db.execute(sql: "PRAGMA cache_size = -32000; PRAGMA temp_store = MEMORY")
            try SQLiteFunctions.install(in: db)
        }
        do {
            let pool = try DatabasePool(path: configuration.path, configuration: options)
            // GRDB has set NORMAL by now.
            try pool.writeWithoutTransaction { db in
                try db.execute(
                    sql: "PRAGMA synchronous = \(configuration.synchronous == .full ? "FULL" : "NORMAL");"
                        + "PRAGMA journal_size_limit = 67108864")
            }
            return pool
        } catch {
            throw .sqlite(error, path: configuration.path)
        }
    }

    private func prepareSchema(_ context: CallContext) async throws(StoreError) {
        let mode = schemaMode
        if mode == .create {
            try await write(context) { (connection) throws(StoreError) in
                try SQLiteSchema.create(connection)
            }
        } else if mode == .verify {
            try await read(context) { (connection) throws(StoreError) in try SQLiteSchema.verify(connection) }
        }
        guard configuration.integrityCheck != .never else { return }
        let always = configuration.integrityCheck == .always
        try await read(context) { (connection) throws(StoreError) in
            try SQLiteSchema.checkIntegrity(connection, always: always)
        }
        guard mode == .create else { return }
        try await write(context) { (connection) throws(StoreError) in
            _ = try SQLiteArtifactObjects.sweep(connection)
        }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let synchronous = configuration.synchronous.rawValue
        return try await read(context) { (connection) throws(StoreError) in
            func text(_ sql: String) throws(StoreError) -> String {
                try connection.first(sql) { $0.text(0) } ?? ""
            }
            let pages = try connection.firstInt("PRAGMA page_count") ?? 0
            let pageSize = try connection.firstInt("PRAGMA page_size") ?? 0
            return BackendStatus(
                version: try text("SELECT sqlite_version()"),
                details: [
                    "path": try connection.first("PRAGMA database_list") { $0.text(2) } ?? connection.path,
                    "journal_mode": try text("PRAGMA journal_mode"),
                    "synchronous": synchronous,
                    "schema_version": String(try SQLiteSchema.version(connection)),
                    "bytes": String(pages.multipliedReportingOverflow(by: pageSize).partialValue),
                ])
        }
    }

    public func shutdown() async {
        signal.close()
        writer.close()
        readers.close()
        guard
            let pool = pool.withLock({ pool in
                defer { pool = nil }
                return pool
            })
        else { return }
        let blocking = BlockingPool(label: "stores.sqlite.close", threads: 1)
        // The last connection to close writes the log back into the file, if it may write: the readers go first. A
        // failure leaves the log, which the next start reads.
        _ = try? await blocking.run { () throws(StoreError) in
            pool.releaseMemory()
            do { try pool.close() } catch { throw .sqlite(error, path: pool.path) }
        }
    }

    // MARK: - Calls

    /// Runs `body` on a reading connection. Each statement sees all that was committed before it, by whichever
    /// process; with `snapshot` all statements see one state.
    func read<T: Sendable>(
        _ context: CallContext, snapshot: Bool = false,
        _ body: @escaping @Sendable (SQLiteConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await read(deadline: context.deadline, snapshot: snapshot, body)
    }

    func read<T: Sendable>(
        deadline: Deadline, snapshot: Bool = false,
        _ body: @escaping @Sendable (SQLiteConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let (pool, call) = try begin(deadline)
        try await readers.enter(deadline: deadline)
        defer { readers.leave() }
        let (path, busyTimeout) = (path, configuration.busyTimeout)
        return try await run(call) {
            try pool.unsafeRead { db in
                let connection = try SQLiteConnection(db, call: call, path: path)
                connection.arm()
                defer { connection.disarm(busyTimeout: busyTimeout) }
                guard snapshot else { return try body(connection) }
                try connection.transactionStatement("BEGIN DEFERRED TRANSACTION")
                // Nothing was written: ending the snapshot is all.
                defer { connection.rollback() }
                return try body(connection)
            }
        }
    }

    /// Runs `body` in a transaction that has the write lock from the start, and commits it. When it throws, or the
    /// call's time is over, everything is rolled back.
    func write<T: Sendable>(
        _ context: CallContext, _ body: @escaping @Sendable (SQLiteConnection) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let (pool, call) = try begin(context.deadline)
        try await writer.enter(deadline: context.deadline)
        defer { writer.leave() }
        let (path, busyTimeout) = (path, configuration.busyTimeout)
        return try await run(call) {
            try pool.writeWithoutTransaction { db in
                let connection = try SQLiteConnection(db, call: call, path: path)
                connection.arm()
                defer { connection.disarm(busyTimeout: busyTimeout) }
                do {
                    try connection.transactionStatement("BEGIN IMMEDIATE TRANSACTION")
                    let result = try body(connection)
                    try call.check(applied: .no)
                    try connection.transactionStatement("COMMIT TRANSACTION")
                    return result
                } catch {
                    connection.rollback()
                    throw error
                }
            }
        }
    }

    private func begin(_ deadline: Deadline) throws(StoreError) -> (DatabasePool, SQLiteCall) {
        guard let pool = pool.withLock({ $0 }) else {
            throw StoreError(
                .unavailable, "the SQLite backend is not open", remedy: "call start first, and not after shutdown",
                applied: .no, isRetryable: false)
        }
        if Task.isCancelled { throw .cancelled(applied: .no) }
        if deadline.hasPassed { throw .timeout("the call", applied: .no) }
        return (pool, SQLiteCall(deadline: deadline, busyTimeout: configuration.busyTimeout))
    }

    private func run<T: Sendable>(_ call: SQLiteCall, _ body: @escaping @Sendable () throws -> T)
        async throws(StoreError) -> T
    {
        let (path, threads) = (path, threads)
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(
                    try await threads.run { () throws(StoreError) in
                        do {
                            return try body()
                        } catch {
                            throw .sqlite(error, path: path, call: call).filling(applied: .no)
                        }
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            call.cancel()
        }
        return try result.get()
    }
}

/// What `native` is before `start`.
public struct SQLiteNotStarted: Sendable {}
#endif
