/// A word of the text form of ``Filter``.
struct FilterToken: Equatable {
    enum Kind: Equatable {
        case keyword(FilterKeyword)
        case name(String)
        /// In double quotes: always a path segment.
        case quotedName(String)
        case string(String)
        case int(Int64)
        case double(Double)
        /// `= != < <= > >= ( ) , .`
        case symbol(String)
        case end
    }

    var kind: Kind
    /// Byte offsets in the text.
    var range: Range<Int>
}

/// Splits the text form of ``Filter`` into words. Works on bytes, for which `'` with a combining mark is a quote.
struct FilterLexer {
    let bytes: [UInt8]
    private var index = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    mutating func tokens() throws(StoreError) -> [FilterToken] {
        var tokens: [FilterToken] = []
        while true {
            while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
            let start = index
            let kind = try next()
            tokens.append(FilterToken(kind: kind, range: start..<index))
            if kind == .end { return tokens }
        }
    }

    private mutating func next() throws(StoreError) -> FilterToken.Kind {
        guard index < bytes.count else { return .end }
        switch bytes[index] {
        case UInt8(ascii: "'"): return .string(try quoted(by: UInt8(ascii: "'"), backslashEscapes: false))
        case UInt8(ascii: "\""): return .quotedName(try quoted(by: UInt8(ascii: "\""), backslashEscapes: true))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            let start = index
            while index < bytes.count, Self.continuesName(bytes[index]) { index += 1 }
            let word = String(decoding: bytes[start..<index], as: UTF8.self)
            return FilterKeyword(rawValue: word.lowercased()).map { .keyword($0) } ?? .name(word)
        default: return try symbol()
        }
    }

    private static func continuesName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private mutating func symbol() throws(StoreError) -> FilterToken.Kind {
        // Both spellings of "equal" and "not equal" are read, one is written.
        let spellings: [(StaticString, String)] = [
            ("!=", "!="), ("<>", "!="), ("<=", "<="), (">=", ">="), ("==", "="), ("=", "="), ("<", "<"), (">", ">"),
            ("(", "("), (")", ")"), (",", ","), (".", "."),
        ]
        for (spelling, symbol) in spellings {
            let length = spelling.utf8CodeUnitCount
            guard index + length <= bytes.count,
                (0..<length).allSatisfy({ bytes[index + $0] == spelling.utf8Start[$0] })
            else { continue }
            index += length
            return .symbol(symbol)
        }
        throw error(at: index, "a field, an operator or a value")
    }

    /// A quote inside is doubled; in a name it may also have a backslash before it, as a backslash must.
    private mutating func quoted(by quote: UInt8, backslashEscapes: Bool) throws(StoreError) -> String {
        let start = index
        index += 1
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == quote {
                guard index < bytes.count, bytes[index] == quote else { return String(decoding: text, as: UTF8.self) }
                index += 1
            } else if backslashEscapes, byte == UInt8(ascii: "\\") {
                guard index < bytes.count, bytes[index] == quote || bytes[index] == byte else {
                    throw error(at: index, "\\\\ or \\\" after a backslash in a quoted field name")
                }
                text.append(bytes[index])
                index += 1
                continue
            }
            text.append(byte)
        }
        throw error(at: start, "a closing quote for the one that opens")
    }

    private mutating func number() throws(StoreError) -> FilterToken.Kind {
        let start = index
        var isInteger = true
        if bytes[index] == UInt8(ascii: "-") { index += 1 }
        try digits("a digit after the sign")
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try digits("a digit after the decimal point")
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
                index += 1
            }
            try digits("a digit of the exponent")
        }
        if index < bytes.count, Self.continuesName(bytes[index]) { throw error(at: index, "the end of the number") }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger {
            guard let value = Int64(text) else {
                throw error(at: start, "an integer of 64 bits (a number with a decimal point is a double)")
            }
            return .int(value)
        }
        guard let value = Double(text), value.isFinite else {
            throw error(at: start, "a number that a double can hold")
        }
        return .double(value)
    }

    private mutating func digits(_ expected: String) throws(StoreError) {
        let start = index
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
        guard index > start else { throw error(at: index, expected) }
    }

    /// `filter, column 11: expected a value; here: section = ▸AND size > 1`
    func error(at offset: Int, _ expected: String) -> StoreError {
        let before = Array(String(decoding: bytes[..<offset], as: UTF8.self).unicodeScalars)
        let after = Array(String(decoding: bytes[offset...], as: UTF8.self).unicodeScalars)
        func excerpt(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var text = ""
            for scalar in scalars {
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: text.unicodeScalars.append("\u{B7}")
                default: text.unicodeScalars.append(scalar)
                }
            }
            return text
        }
        let left = (before.count > 24 ? "…" : "") + excerpt(before.suffix(24))
        let right = after.isEmpty ? "(end)" : excerpt(after.prefix(24)) + (after.count > 24 ? "…" : "")
        return .invalidArgument(
            "filter, column \(before.count + 1): expected \(expected); here: \(left)▸\(right)",
            remedy: "write conditions like: section = 'libs' AND size > 100")
    }
}
