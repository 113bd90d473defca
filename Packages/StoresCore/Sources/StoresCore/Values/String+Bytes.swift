#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension String {
    /// Whether both have the same UTF-8 bytes; stricter than `==`.
    @usableFromInline
    func hasSameBytes(as other: String) -> Bool {
        utf8.count == other.utf8.count && compareBytes(to: other) == 0
    }

    /// Negative, zero or positive as these UTF-8 bytes come before, are, or come after the other's.
    func compareBytes(to other: String) -> Int {
        let fast = utf8.withContiguousStorageIfAvailable { left in
            other.utf8.withContiguousStorageIfAvailable { right in
                let common = min(left.count, right.count)
                if common > 0, let a = left.baseAddress, let b = right.baseAddress {
                    let order = memcmp(a, b, common)
                    if order != 0 { return Int(order) }
                }
                return left.count - right.count
            }
        }
        if let fast, let order = fast { return order }
        // Only strings bridged from elsewhere are not contiguous.
        if utf8.elementsEqual(other.utf8) { return 0 }
        return utf8.lexicographicallyPrecedes(other.utf8) ? -1 : 1
    }

    /// Whether a byte of its UTF-8 is 0.
    var hasNUL: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
        } ?? utf8.contains(0)
    }

    func hasBytePrefix(_ prefix: String) -> Bool {
        guard utf8.count >= prefix.utf8.count else { return false }
        let fast = utf8.withContiguousStorageIfAvailable { left in
            prefix.utf8.withContiguousStorageIfAvailable { right in
                guard right.count > 0, let a = left.baseAddress, let b = right.baseAddress else { return true }
                return memcmp(a, b, right.count) == 0
            }
        }
        if let fast, let result = fast { return result }
        return utf8.starts(with: prefix.utf8)
    }

    func hashBytes(into hasher: inout Hasher) {
        if utf8.withContiguousStorageIfAvailable({ hasher.combine(bytes: UnsafeRawBufferPointer($0)) }) == nil {
            for byte in utf8 { hasher.combine(byte) }
        }
        // No UTF-8 text contains this byte: it keeps a sequence of strings apart from another split of the same bytes.
        hasher.combine(0xFF as UInt8)
    }
}

extension Dictionary where Key == String {
    /// The value of the key with exactly these UTF-8 bytes. A dictionary's own look-up also finds a canonically
    /// equivalent key.
    @usableFromInline
    func value(forBytesOf key: String) -> Value? {
        guard let index = index(forKey: key), keys[index].hasSameBytes(as: key) else { return nil }
        return values[index]
    }
}

extension Dictionary where Key == String, Value: Equatable {
    /// Equality with keys compared by their UTF-8 bytes.
    func hasSameBytes(as other: [String: Value]) -> Bool {
        guard count == other.count else { return false }
        return allSatisfy { key, value in other.value(forBytesOf: key) == value }
    }
}

extension Dictionary where Key == String, Value: Hashable {
    /// Independent of the order of the keys, and in step with `hasSameBytes`.
    func hashBytes(into hasher: inout Hasher) {
        var combined = 0
        for (key, value) in self {
            var entry = Hasher()
            key.hashBytes(into: &entry)
            entry.combine(value)
            combined ^= entry.finalize()
        }
        hasher.combine(count)
        hasher.combine(combined)
    }
}
