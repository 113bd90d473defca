#if SQLite
import StoresCore

/// The encodings of a scope, or of a scope and all under it: a range of bytes without its end.
struct FactRange {
    var start: [UInt8]
    var end: [UInt8]

    init(_ scope: Scope, _ depth: ScopeDepth) throws(StoreError) {
        start = try SQLiteCodec.encode(scope)
        end = depth == .exact ? start + [0] : SQLiteCodec.end(ofScope: start)
    }

    var values: [SQLiteValue] { [.bytes(start), .bytes(end)] }
}
#endif
