#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A text by its bytes: canonically equivalent texts are different keys.
struct PostgresKey: Hashable, Comparable {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Whether a text comes before another, as keys do.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let order = left.utf8.withContiguousStorageIfAvailable { left in
            right.utf8.withContiguousStorageIfAvailable { right -> Bool in
                let common = min(left.count, right.count)
                guard common > 0, let a = left.baseAddress, let b = right.baseAddress else {
                    return left.count < right.count
                }
                let order = memcmp(a, b, common)
                return order == 0 ? left.count < right.count : order < 0
            }
        }
        // Only strings bridged from elsewhere are not contiguous.
        return (order ?? nil) ?? left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    static func < (left: PostgresKey, right: PostgresKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
