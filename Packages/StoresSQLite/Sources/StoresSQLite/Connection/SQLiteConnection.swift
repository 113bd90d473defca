#if SQLite
import GRDB
import GRDBSQLite
import StoresCore

/// One of GRDB's connections for the length of one call, on the queue that owns it. Never leaves the closure that
/// it is handed to.
final class SQLiteConnection {
    let db: Database
    let handle: OpaquePointer
    let call: SQLiteCall
    let path: String

    init(_ db: Database, call: SQLiteCall, path: String) throws(StoreError) {
        guard let handle = db.sqliteConnection else {
            throw StoreError(
                .unavailable, "the SQLite backend was shut down", remedy: "open the stores anew", applied: .no,
                isRetryable: false)
        }
        self.db = db
        self.handle = handle
        self.call = call
        self.path = path
    }

    /// Lets SQLite ask the call whether it may go on; undone by ``disarm()``.
    func arm() {
        let pointer = Unmanaged.passUnretained(call).toOpaque()
        sqlite3_progress_handler(
            handle, 1000,
            { pointer in
                guard let pointer else { return 0 }
                return Unmanaged<SQLiteCall>.fromOpaque(pointer).takeUnretainedValue().mustStop ? 1 : 0
            }, pointer)
        sqlite3_busy_handler(
            handle,
            { pointer, attempt in
                guard let pointer else { return 0 }
                return Unmanaged<SQLiteCall>.fromOpaque(pointer).takeUnretainedValue()
                    .waitForLock(attempt: attempt) ? 1 : 0
            }, pointer)
    }

    /// - Parameter busyTimeout: What holds for those who use GRDB's pool themselves.
    func disarm(busyTimeout: Duration) {
        sqlite3_progress_handler(handle, 0, nil, nil)
        sqlite3_busy_timeout(handle, Int32(clamping: busyTimeout.wholeMilliseconds))
    }

    /// - Parameter cached: Whether the statement is one of a fixed set, to be kept for later calls.
    func prepare(_ sql: String, cached: Bool = true) throws(StoreError) -> SQLiteQuery {
        do {
            return SQLiteQuery(try cached ? db.cachedStatement(sql: sql) : db.makeStatement(sql: sql), self)
        } catch {
            throw translate(error)
        }
    }

    private func prepare(_ sql: String, _ values: [SQLiteValue], _ cached: Bool) throws(StoreError) -> SQLiteQuery {
        let query = try prepare(sql, cached: cached)
        for (index, value) in values.enumerated() { try query.bind(Int32(index + 1), value) }
        return query
    }

    /// Hands each row to `body`, which says whether it wants the next.
    func each(
        _ sql: String, _ values: [SQLiteValue] = [], cached: Bool = true,
        _ body: (SQLiteRow) throws(StoreError) -> Bool
    ) throws(StoreError) {
        let query = try prepare(sql, values, cached)
        defer { query.reset() }
        while let row = try query.step(), try body(row) {}
    }

    func all<T>(
        _ sql: String, _ values: [SQLiteValue] = [], cached: Bool = true,
        _ body: (SQLiteRow) throws(StoreError) -> T
    ) throws(StoreError) -> [T] {
        let query = try prepare(sql, values, cached)
        defer { query.reset() }
        var result: [T] = []
        while let row = try query.step() { result.append(try body(row)) }
        return result
    }

    func first<T>(
        _ sql: String, _ values: [SQLiteValue] = [], cached: Bool = true,
        _ body: (SQLiteRow) throws(StoreError) -> T
    ) throws(StoreError) -> T? {
        let query = try prepare(sql, values, cached)
        defer { query.reset() }
        guard let row = try query.step() else { return nil }
        return try body(row)
    }

    func firstInt(_ sql: String, _ values: [SQLiteValue] = [], cached: Bool = true) throws(StoreError) -> Int64? {
        try first(sql, values, cached: cached) { $0.optionalInt(0) } ?? nil
    }

    /// Returns how many rows were changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = [], cached: Bool = true) throws(StoreError) -> Int {
        try prepare(sql, values, cached).runCounting()
    }

    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Runs statements without parameters: schema and pragmas.
    func script(_ sql: String) throws(StoreError) {
        do { try db.execute(sql: sql) } catch { throw translate(error) }
    }

    /// BEGIN, COMMIT and ROLLBACK go through GRDB, which tells its own observers of them.
    func transactionStatement(_ sql: String) throws(StoreError) {
        do { try db.cachedStatement(sql: sql).execute() } catch { throw translate(error) }
    }

    func rollback() {
        // A failed rollback leaves nothing to do: SQLite has rolled back by itself, or the connection is lost.
        try? db.rollback()
    }

    func failure(_ code: Int32, sql: String) -> StoreError {
        let extended = sqlite3_extended_errcode(handle)
        let message = String(cString: sqlite3_errmsg(handle))
        return .sqlite(
            SQLiteFailure(code: extended & 0xFF == code & 0xFF ? extended : code, message: message, sql: sql),
            path: path, call: call)
    }

    func translate(_ error: any Error) -> StoreError { .sqlite(error, path: path, call: call) }
}
#endif
