/// Cursors as the last item's keys, in hexadecimal with dots between, so that any key survives.
public enum CursorCodec {
    public static func encode(_ parts: [String]) -> Cursor { encode(parts.map { Array($0.utf8) }) }

    /// For keys that are bytes, or are told apart by their bytes.
    public static func encode(_ parts: [[UInt8]]) -> Cursor {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            for byte in part {
                text.append(digits[Int(byte >> 4)])
                text.append(digits[Int(byte & 15)])
            }
        }
        return Cursor(rawValue: String(decoding: text, as: UTF8.self))
    }

    /// - Parameter counts: How many parts there may be.
    /// - Throws: ``refused`` for a cursor of another form, and for a part that is no UTF-8.
    public static func decode(_ cursor: Cursor, parts counts: some RangeExpression<Int>) throws(StoreError) -> [String]
    {
        var texts: [String] = []
        for part in try bytes(cursor, parts: counts) {
            guard let text = String(validating: part, as: UTF8.self) else { throw refused }
            texts.append(text)
        }
        return texts
    }

    /// - Parameter counts: How many parts there may be.
    /// - Throws: ``refused`` for a cursor of another form.
    public static func bytes(_ cursor: Cursor, parts counts: some RangeExpression<Int>) throws(StoreError) -> [[UInt8]]
    {
        let texts = cursor.rawValue.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard counts.contains(texts.count) else { throw refused }
        var parts: [[UInt8]] = []
        for text in texts {
            let digits = Array(text)
            guard digits.count.isMultiple(of: 2) else { throw refused }
            var bytes: [UInt8] = []
            for index in stride(from: 0, to: digits.count, by: 2) {
                guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { throw refused }
                bytes.append(high << 4 | low)
            }
            parts.append(bytes)
        }
        return parts
    }

    /// `invalidArgument`: the cursor is none of this store's.
    public static var refused: StoreError {
        .invalidArgument(
            "the cursor was not given out by this store",
            remedy: "hand over the `next` of a page of the same query, or none to start anew")
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
