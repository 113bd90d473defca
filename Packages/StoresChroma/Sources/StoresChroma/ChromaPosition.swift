#if HTTP
import StoresCore

/// A place in a scroll: before a hash, or within it after an id.
struct ChromaPosition {
    /// Above every hash.
    static let end: UInt64 = 1 << 48

    var hash: UInt64 = 0
    var id: String?

    init(hash: UInt64 = 0, id: String? = nil) {
        self.hash = hash
        self.id = id
    }

    /// - Throws: `invalidArgument` for a cursor that was not given out here.
    init(_ cursor: Cursor) throws(StoreError) {
        let parts = cursor.rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let hash = UInt64(parts[0], radix: 16), hash <= Self.end else {
            throw .invalidArgument("the cursor was not given out by this store")
        }
        self.init(hash: hash, id: parts[1].isEmpty ? nil : String(parts[1]))
    }

    var cursor: Cursor { Cursor(rawValue: String(hash, radix: 16) + ":" + (id ?? "")) }
}
#endif
