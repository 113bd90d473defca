/// Name-based UUIDs (RFC 9562, section 5.5), for backends whose ids are UUIDs.
public enum UUIDv5 {
    /// The UUID of a name in a namespace that is a UUID itself, as 36 lower-case characters.
    public static func make(namespace: [UInt8], name: some Sequence<UInt8>) -> String {
        var bytes = Array(SHA1.digest(of: namespace + name)[..<16])
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            Hexadecimal.append(byte, to: &text)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// An id as a UUID: itself where it is one already, else the UUID of its name.
    ///
    /// What was made of a name has version 5, so an id that has it too is taken for a name: no two ids share a UUID,
    /// and what is made is itself no id that stays as it is. The all-zero UUID, which some backends start a scan with,
    /// and spellings other than 36 characters in lower case are names.
    public static func of(id: String, namespace: [UInt8]) -> String {
        isKept(id) ? id : make(namespace: namespace, name: id.utf8)
    }

    private static func isKept(_ id: String) -> Bool {
        let bytes = Array(id.utf8)
        guard bytes.count == 36, bytes[14] != UInt8(ascii: "5") else { return false }
        let isShaped = bytes.indices.allSatisfy { index in
            switch index {
            case 8, 13, 18, 23: bytes[index] == UInt8(ascii: "-")
            default: Hexadecimal.isDigit(bytes[index])
            }
        }
        return isShaped && bytes.contains { $0 != UInt8(ascii: "0") && $0 != UInt8(ascii: "-") }
    }
}

/// SHA-1 (FIPS 180-4), which UUIDs of version 5 are defined by. For names, not for secrets.
enum SHA1 {
    static func digest(of bytes: [UInt8]) -> [UInt8] {
        var message = bytes
        message.append(0x80)
        while message.count % 64 != 56 { message.append(0) }
        let bits = UInt64(bytes.count) &* 8
        for shift in stride(from: 56, through: 0, by: -8) { message.append(UInt8(truncatingIfNeeded: bits >> shift)) }
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
            message.withUnsafeBytes { message in
                for start in stride(from: 0, to: message.count, by: 64) {
                    for index in 0..<16 {
                        let word = message.loadUnaligned(fromByteOffset: start + index * 4, as: UInt32.self)
                        words[index] = UInt32(bigEndian: word)
                    }
                    for index in 16..<80 {
                        let word = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
                        words[index] = rotate(word, 1)
                    }
                    compress(words, into: &state)
                }
            }
        }
        return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    private static func compress(_ words: UnsafeMutableBufferPointer<UInt32>, into state: inout [UInt32]) {
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        func step(_ f: UInt32, _ k: UInt32, _ word: UInt32) {
            (a, b, c, d, e) = (rotate(a, 5) &+ f &+ e &+ k &+ word, a, rotate(b, 30), c, d)
        }
        for index in 0..<20 { step(b & c | ~b & d, 0x5A82_7999, words[index]) }
        for index in 20..<40 { step(b ^ c ^ d, 0x6ED9_EBA1, words[index]) }
        for index in 40..<60 { step(b & c | b & d | c & d, 0x8F1B_BCDC, words[index]) }
        for index in 60..<80 { step(b ^ c ^ d, 0xCA62_C1D6, words[index]) }
        for (index, value) in [a, b, c, d, e].enumerated() { state[index] &+= value }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }
}
