#if SQLite
import GRDB
import GRDBSQLite
import StoresCore

/// A prepared statement of one connection. Bound by index from 1, with lengths, so that any bytes go through.
///
/// GRDB prepares and caches it; binding and stepping are SQLite's own functions, because GRDB's traps on values
/// that are too large, and costs more for each row than SQLite itself.
struct SQLiteQuery {
    private let statement: Statement
    private let pointer: OpaquePointer
    private let connection: SQLiteConnection

    init(_ statement: Statement, _ connection: SQLiteConnection) {
        self.statement = statement
        pointer = statement.sqliteStatement
        self.connection = connection
    }

    func bind(_ index: Int32, _ number: Int64) throws(StoreError) {
        try check(sqlite3_bind_int64(pointer, index, number))
    }

    func bind(_ index: Int32, _ number: Int64?) throws(StoreError) {
        if let number { try bind(index, number) } else { try check(sqlite3_bind_null(pointer, index)) }
    }

    func bind(_ index: Int32, _ number: Double) throws(StoreError) {
        try check(sqlite3_bind_double(pointer, index, number))
    }

    func bind(_ index: Int32, _ text: String) throws(StoreError) {
        var text = text
        let code = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text64(
                    pointer, index, $0.baseAddress ?? Self.empty, UInt64($0.count), sqliteTransient,
                    UInt8(SQLITE_UTF8))
            }
        }
        try check(code)
    }

    func bind(_ index: Int32, _ text: String?) throws(StoreError) {
        if let text { try bind(index, text) } else { try check(sqlite3_bind_null(pointer, index)) }
    }

    func bindText(_ index: Int32, _ utf8: [UInt8]) throws(StoreError) {
        let code = utf8.withUnsafeBytes { bytes in
            sqlite3_bind_text64(
                pointer, index, bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? Self.empty,
                UInt64(bytes.count), sqliteTransient, UInt8(SQLITE_UTF8))
        }
        try check(code)
    }

    func bind(_ index: Int32, _ bytes: [UInt8]) throws(StoreError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(StoreError) in
            try bind(index, UnsafeRawBufferPointer(bytes))
        }
    }

    func bind(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            return try check(sqlite3_bind_zeroblob(pointer, index, 0))
        }
        try check(sqlite3_bind_blob64(pointer, index, start, UInt64(bytes.count), sqliteTransient))
    }

    func bind(_ index: Int32, _ bytes: [UInt8]?) throws(StoreError) {
        if let bytes { try bind(index, bytes) } else { try check(sqlite3_bind_null(pointer, index)) }
    }

    /// A blob that SQLite reads where it is: it must stay there until ``forgetBindings()``.
    func bind(_ index: Int32, unowned bytes: UnsafeRawBufferPointer?) throws(StoreError) {
        guard let bytes else { return try check(sqlite3_bind_null(pointer, index)) }
        guard let start = bytes.baseAddress, bytes.count > 0 else {
            return try check(sqlite3_bind_zeroblob(pointer, index, 0))
        }
        try check(sqlite3_bind_blob64(pointer, index, start, UInt64(bytes.count), nil))
    }

    /// A text that SQLite reads where it is: it must stay there until ``forgetBindings()``.
    func bindText(_ index: Int32, unowned utf8: UnsafeRawBufferPointer?) throws(StoreError) {
        guard let utf8 else { return try check(sqlite3_bind_null(pointer, index)) }
        let start = utf8.count > 0 ? utf8.baseAddress?.assumingMemoryBound(to: CChar.self) : nil
        try check(
            sqlite3_bind_text64(
                pointer, index, start ?? Self.empty, UInt64(utf8.count), nil, UInt8(SQLITE_UTF8)))
    }

    func forgetBindings() {
        sqlite3_clear_bindings(pointer)
    }

    func bind(_ index: Int32, _ value: SQLiteValue) throws(StoreError) {
        switch value {
        case .null: try check(sqlite3_bind_null(pointer, index))
        case .int(let number): try bind(index, number)
        case .text(let text): try bind(index, text)
        case .textBytes(let bytes): try bindText(index, bytes)
        case .bytes(let bytes): try bind(index, bytes)
        }
    }

    /// The next row, or nil at the end. When it throws, the statement has been reset.
    func step() throws(StoreError) -> SQLiteRow? {
        switch sqlite3_step(pointer) {
        case SQLITE_ROW: return SQLiteRow(statement: pointer)
        case SQLITE_DONE: return nil
        case let code:
            let failure = connection.failure(code, sql: statement.sql)
            // GRDB hands a cached statement out as it was left, and one that stopped in the middle takes no values.
            reset()
            throw failure
        }
    }

    /// Runs to the end, for statements without rows, and makes the statement ready for the next values.
    func run() throws(StoreError) {
        defer { reset() }
        while try step() != nil {}
    }

    /// Runs to the end and returns how many rows were changed.
    func runCounting() throws(StoreError) -> Int {
        try run()
        return Int(sqlite3_changes64(connection.handle))
    }

    /// Must be called after the last step, or the statement keeps its transaction open.
    func reset() {
        sqlite3_reset(pointer)
    }

    private func check(_ code: Int32) throws(StoreError) {
        guard code == SQLITE_OK else { throw connection.failure(code, sql: statement.sql) }
    }

    private nonisolated(unsafe) static let empty: UnsafePointer<CChar> = {
        let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return UnsafePointer(pointer)
    }()
}
#endif
