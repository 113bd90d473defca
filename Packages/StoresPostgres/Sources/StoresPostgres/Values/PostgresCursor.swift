import StoresCore

/// Cursors: the last item's keys as hexadecimal bytes, so that any key survives.
enum PostgresCursor {
    static func encode(_ parts: [[UInt8]]) -> Cursor {
        let digits = Array("0123456789abcdef".utf8)
        let texts = parts.map { part in
            String(decoding: part.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
        }
        return Cursor(rawValue: texts.joined(separator: "."))
    }

    static func encode(_ key: String) -> Cursor { encode([Array(key.utf8)]) }

    static func decode(_ cursor: Cursor, parts count: Int) throws(StoreError) -> [[UInt8]] {
        let texts = cursor.rawValue.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard texts.count == count else { throw refused }
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

    /// A cursor of one key that is a text.
    static func text(_ cursor: Cursor) throws(StoreError) -> String {
        guard let text = String(validating: try decode(cursor, parts: 1)[0], as: UTF8.self), !text.utf8.contains(0)
        else { throw refused }
        return text
    }

    static var refused: StoreError {
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
