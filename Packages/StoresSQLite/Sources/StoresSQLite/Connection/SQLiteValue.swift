#if SQLite
import GRDBSQLite

/// What is bound to a statement's parameter. Texts are bound with their length: a NUL inside stays.
enum SQLiteValue {
    case null
    case int(Int64)
    case text(String)
    /// Text given by its bytes; they need not be whole characters (the end of a range of keys).
    case textBytes([UInt8])
    case bytes([UInt8])

    init(_ number: Int64?) { self = number.map(SQLiteValue.int) ?? .null }
    init(_ text: String?) { self = text.map(SQLiteValue.text) ?? .null }
    init(_ number: Int) { self = .int(Int64(number)) }
}

/// Tells SQLite to copy what is bound before the call returns.
nonisolated(unsafe) let sqliteTransient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// The first bytes after every text that starts with `prefix`; nil when there is none, which is after 0xFF only.
func upperBound(ofPrefix prefix: [UInt8]) -> [UInt8]? {
    var bound = prefix
    while let last = bound.last {
        if last < 0xFF {
            bound[bound.count - 1] = last + 1
            return bound
        }
        bound.removeLast()
    }
    return nil
}
#endif
