#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A string as data: equal, hashed and ordered by its UTF-8 bytes.
///
/// `String` compares by canonical equivalence, so a composed and a decomposed é are one dictionary key. Ids, keys,
/// scopes and stream names are bytes to every backend (F5, X11), so in dictionaries and sorted lists they stand as this.
struct ByteKey: Hashable, Comparable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (lhs: ByteKey, rhs: ByteKey) -> Bool {
        lhs.text.utf8.count == rhs.text.utf8.count && lhs.order(to: rhs) == 0
    }

    static func < (lhs: ByteKey, rhs: ByteKey) -> Bool {
        lhs.order(to: rhs) < 0
    }

    func hash(into hasher: inout Hasher) {
        if text.utf8.withContiguousStorageIfAvailable({ hasher.combine(bytes: UnsafeRawBufferPointer($0)) }) == nil {
            for byte in text.utf8 { hasher.combine(byte) }
        }
        // Ends the string, so that neighbouring keys of a composite do not run together.
        hasher.combine(0xFF as UInt8)
    }

    /// Whether the bytes of this key begin with those of `prefix`.
    func hasPrefix(_ prefix: ByteKey) -> Bool {
        text.utf8.count >= prefix.text.utf8.count && text.utf8.starts(with: prefix.text.utf8)
    }

    /// Negative, zero or positive, as the bytes of this key sort before, with or after those of the other.
    private func order(to other: ByteKey) -> Int {
        let fast = text.utf8.withContiguousStorageIfAvailable { left in
            other.text.utf8.withContiguousStorageIfAvailable { right -> Int in
                let common = min(left.count, right.count)
                guard common > 0, let a = left.baseAddress, let b = right.baseAddress else {
                    return left.count - right.count
                }
                let order = memcmp(a, b, common)
                return order == 0 ? left.count - right.count : Int(order)
            }
        }
        if let fast, let order = fast { return order }
        // Bridged strings on Darwin are not contiguous.
        if text.utf8.elementsEqual(other.text.utf8) { return 0 }
        return text.utf8.lexicographicallyPrecedes(other.text.utf8) ? -1 : 1
    }
}
