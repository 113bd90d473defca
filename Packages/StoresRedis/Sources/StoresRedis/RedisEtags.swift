import Synchronization

/// Etags that are never given out twice: 48 random bits of the process, and a count.
///
/// 15 characters of `A-Z`, `a-z`, `0-9`, `-` and `_`, six bits each.
final class RedisEtags: Sendable {
    static let length = 15

    private let start: UInt64
    private let count = Atomic<UInt64>(0)
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    init() {
        start = UInt64.random(in: 0..<(1 << 48))
    }

    func next() -> String {
        let number = count.add(1, ordering: .relaxed).oldValue
        return String(unsafeUninitializedCapacity: Self.length) { text in
            for index in 0..<8 { text[index] = Self.alphabet[Int(start >> (42 - 6 * UInt64(index)) & 63)] }
            for index in 0..<7 { text[8 + index] = Self.alphabet[Int(number >> (36 - 6 * UInt64(index)) & 63)] }
            return Self.length
        }
    }
}
