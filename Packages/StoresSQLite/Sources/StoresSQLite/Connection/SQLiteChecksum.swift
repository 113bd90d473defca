#if SQLite
/// A row's checksum: SQLite keeps none, and a damaged byte inside a value would read back as if it were right.
///
/// FNV-1a's step over little-endian words of 8 bytes, in four lanes for long inputs. Each step is a bijection of
/// the word, so damage within one word is always seen. For integrity, not for security.
struct SQLiteChecksum {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325
    private static let prime: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// What is stored with the row.
    var value: Int64 {
        var hash = state
        hash ^= hash >> 32
        hash &*= 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        return Int64(bitPattern: hash)
    }

    mutating func add(_ number: Int64) {
        step(UInt64(bitPattern: number))
    }

    mutating func add(_ number: Int64?) {
        add(number == nil ? 0 : 1 as Int64)
        if let number { add(number) }
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ text: String?) {
        add(text == nil ? 0 : 1 as Int64)
        if let text { add(text) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer?) {
        add(bytes == nil ? 0 : 1 as Int64)
        if let bytes { add(bytes) }
    }

    mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        add(Int64(bytes.count))
        var offset = 0
        if bytes.count >= 64 {
            var lanes = (state, state ^ 1, state ^ 2, state ^ 3)
            while offset + 32 <= bytes.count {
                lanes.0 = Self.mix(lanes.0, Self.word(bytes, offset))
                lanes.1 = Self.mix(lanes.1, Self.word(bytes, offset + 8))
                lanes.2 = Self.mix(lanes.2, Self.word(bytes, offset + 16))
                lanes.3 = Self.mix(lanes.3, Self.word(bytes, offset + 24))
                offset += 32
            }
            state = lanes.0
            step(lanes.1)
            step(lanes.2)
            step(lanes.3)
        }
        while offset + 8 <= bytes.count {
            step(Self.word(bytes, offset))
            offset += 8
        }
        if offset < bytes.count {
            var last: UInt64 = 0
            for index in offset..<bytes.count { last = last << 8 | UInt64(bytes[index]) }
            step(last)
        }
    }

    private mutating func step(_ word: UInt64) { state = Self.mix(state, word) }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* prime
        return product ^ product >> 29
    }
}
#endif
