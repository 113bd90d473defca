import StoresCore

/// Values as numbers that have the same order, for backends that compare doubles alone.
enum FilterOrder {
    /// Bytes of a string in one chunk. Six bytes and the three bits that say how many they are fit into the 53 bits
    /// that a double holds exactly.
    static let chunkBytes = 6

    /// The largest double that is not above the number or instant, and what is left.
    static func number(_ value: Value) -> (whole: Double, rest: Double)? {
        switch value {
        // Adding zero makes -0.0 the zero that it equals.
        case .double(let value): (value + 0, 0)
        case .int(let value): split(value)
        case .instant(let value): split(value.millisecondsSinceEpoch)
        default: nil
        }
    }

    private static func split(_ value: Int64) -> (whole: Double, rest: Double) {
        var whole = Double(value)
        // Rounding up may reach 2^63, which is no Int64.
        if whole >= 0x1p63 || Int64(whole) > value { whole = whole.nextDown }
        return (whole, Double(value - Int64(whole)))
    }

    /// A string's bytes, six at a time, each chunk with the number of bytes that it holds, or 7 when more follow.
    /// Strings compare as their chunks do, one after the other, up to the first that differs.
    static func chunks(_ text: String, upTo orderedBytes: Int) -> [Double] {
        var text = text
        return text.withUTF8 { bytes in
            let most = min(max(1, (bytes.count + chunkBytes - 1) / chunkBytes), orderedBytes / chunkBytes + 1)
            return (0..<most).map { index in
                let rest = bytes.count - index * chunkBytes
                return chunk(
                    bytes[(index * chunkBytes)...].prefix(chunkBytes), size: rest > chunkBytes ? 7 : rest)
            }
        }
    }

    /// Bytes, padded with zeros, above a number of three bits.
    static func chunk(_ bytes: some RandomAccessCollection<UInt8>, size: Int) -> Double {
        var number: UInt64 = 0
        for byte in bytes { number = number << 8 | UInt64(byte) }
        number <<= UInt64(8 * (chunkBytes - bytes.count))
        return Double(number << 3 | UInt64(size))
    }

    /// The chunks that start with these bytes: at least the first bound, below the second.
    static func range(_ prefix: ArraySlice<UInt8>) -> (from: Double, below: Double) {
        var number: UInt64 = 0
        for byte in prefix { number = number << 8 | UInt64(byte) }
        let padding = UInt64(8 * (chunkBytes - prefix.count))
        return (Double((number << padding) << 3 | UInt64(prefix.count)), Double(((number + 1) << padding) << 3))
    }
}
