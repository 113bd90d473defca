/// Reads JSON into ``Value``, as ``JSONWriter`` writes it and as others do (RFC 8259).
///
/// A number without fraction and exponent that fits is an `.int`, any other a `.double`; one that overflows is refused.
/// An object whose only key is `$instant`, with an RFC 3339 text or a number of milliseconds, is an `.instant`. Of
/// equal keys the last counts. At most 128 levels deep.
public struct JSONReader {
    private let bytes: [UInt8]
    private var index = 0
    private var depth = 0

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Throws: `invalidArgument` with the byte offset of the first error.
    public static func value(from bytes: [UInt8]) throws(StoreError) -> Value {
        var reader = JSONReader(bytes)
        let value = try reader.value()
        reader.skipSpace()
        guard reader.index == bytes.count else { throw reader.error("expected the end") }
        return value
    }

    public static func value(from text: String) throws(StoreError) -> Value {
        try value(from: Array(text.utf8))
    }

    private func error(_ message: String) -> StoreError {
        .invalidArgument("not valid JSON at byte \(index): \(message)")
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func take(_ word: StaticString, _ value: Value) throws(StoreError) -> Value {
        for offset in 0..<word.utf8CodeUnitCount {
            guard take(word.utf8Start[offset]) else { throw error("expected \(word)") }
        }
        return value
    }

    private mutating func value() throws(StoreError) -> Value {
        skipSpace()
        guard index < bytes.count else { throw error("unexpected end") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try take("true", .bool(true))
        case UInt8(ascii: "f"): return try take("false", .bool(false))
        case UInt8(ascii: "n"): return try take("null", .null)
        default: return try number()
        }
    }

    private mutating func enter() throws(StoreError) {
        depth += 1
        guard depth <= 128 else { throw error("more than 128 levels") }
        index += 1
        skipSpace()
    }

    private mutating func object() throws(StoreError) -> Value {
        try enter()
        defer { depth -= 1 }
        var fields: Metadata = [:]
        if take(UInt8(ascii: "}")) { return .object(fields) }
        while true {
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw error("expected a key") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected ':'") }
            fields[key] = try value()
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error("expected ',' or '}'") }
            break
        }
        guard fields.count == 1, let instant = fields["$instant"] else { return .object(fields) }
        switch instant {
        case .string(let text):
            guard let timestamp = Timestamp(text) else { throw error("$instant is an RFC 3339 time") }
            return .instant(timestamp)
        case .int(let milliseconds): return .instant(Timestamp(millisecondsSinceEpoch: milliseconds))
        default: throw error("$instant is an RFC 3339 time or a number of milliseconds")
        }
    }

    private mutating func array() throws(StoreError) -> Value {
        try enter()
        defer { depth -= 1 }
        var values: [Value] = []
        if take(UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value())
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw error("expected ',' or ']'") }
            return .array(values)
        }
    }

    private mutating func number() throws(StoreError) -> Value {
        let start = index
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        let firstDigit = index
        skipDigits()
        guard index > firstDigit, bytes[firstDigit] != UInt8(ascii: "0") || index == firstDigit + 1 else {
            index = start
            throw error("expected a value")
        }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            let from = index
            skipDigits()
            guard index > from else { throw error("expected a digit") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            let from = index
            skipDigits()
            guard index > from else { throw error("expected a digit") }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .int(integer) }
        guard let double = Double(text), double.isFinite else { throw error("the number is out of range") }
        return .double(double)
    }

    private mutating func skipDigits() {
        while index < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[index]) { index += 1 }
    }

    private mutating func string() throws(StoreError) -> String {
        index += 1
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\"),
            bytes[index] >= 0x20
        { index += 1 }
        var text: [UInt8] = Array(bytes[start..<index])
        while true {
            guard index < bytes.count else { throw error("unterminated string") }
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw error("not valid UTF-8") }
                index += 1
                return string
            case UInt8(ascii: "\\"):
                index += 1
                try escape(into: &text)
            case 0..<0x20: throw error("control character in a string")
            default:
                text.append(byte)
                index += 1
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(StoreError) {
        guard index < bytes.count else { throw error("unterminated string") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("lone surrogate") }
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw error("lone surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("lone surrogate") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw error("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(StoreError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw error("expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
