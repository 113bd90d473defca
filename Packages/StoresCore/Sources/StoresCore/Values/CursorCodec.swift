/// Cursors as the strings of the last item's key, in hexadecimal with dots between, so that any id survives.
public enum CursorCodec {
    public static func encode(_ parts: [String]) -> Cursor {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            for byte in part.utf8 {
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
        return Cursor(rawValue: String(decoding: text, as: UTF8.self))
    }

    /// - Parameter counts: How many parts there may be.
    /// - Throws: ``refused`` for a cursor of another form.
    public static func decode(_ cursor: Cursor, parts counts: some RangeExpression<Int>) throws(StoreError) -> [String]
    {
        let parts = cursor.rawValue.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var decoded: [String] = []
        for part in parts {
            guard let text = text(Array(part)) else { throw refused }
            decoded.append(text)
        }
        guard counts.contains(decoded.count) else { throw refused }
        return decoded
    }

    /// `invalidArgument`: the cursor is none of this store's.
    public static var refused: StoreError {
        .invalidArgument(
            "the cursor was not given out by this store",
            remedy: "hand over the `next` of a page of the same query, or none to start anew")
    }

    private static func text(_ digits: [UInt8]) -> String? {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
