/// Reads JSON into ``Value``, as ``JSONWriter`` writes it and as others do (RFC 8259).
///
/// A number without fraction and exponent that fits is an `.int`, any other a `.double`; one that overflows is refused.
/// An object whose only key is `$instant`, with an RFC 3339 text or a number of milliseconds, is an `.instant`. Of
/// equal keys the last counts. At most 128 levels deep.
public struct JSONReader {
    /// Valid as long as the call that made the reader.
    private let bytes: UnsafeBufferPointer<UInt8>
    private var index = 0
    private var depth = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// - Throws: `invalidArgument` with the byte offset of the first error.
    public static func value(from bytes: [UInt8]) throws(StoreError) -> Value {
        try bytes.withUnsafeBufferPointer { bytes throws(StoreError) in
            var reader = JSONReader(bytes)
            let value = try reader.value()
            reader.skipSpace()
            guard reader.index == bytes.count else { throw reader.error("expected the end") }
            return value
        }
    }

    public static func value(from text: String) throws(StoreError) -> Value {
        try value(from: Array(text.utf8))
    }

    private func error(_ message: String) -> StoreError {
        .invalidArgument("not valid JSON at byte \(index): \(message)")
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
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
        let isNegative = take(UInt8(ascii: "-"))
        let firstDigit = index
        var whole: Int64 = 0
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 {
            whole = whole &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0"))
            index += 1
        }
        let digits = index - firstDigit
        guard digits > 0, bytes[firstDigit] != UInt8(ascii: "0") || digits == 1 else {
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
        // Eighteen digits fit.
        if isInteger, digits <= 18 { return .int(isNegative ? -whole : whole) }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .int(integer) }
        guard let double = Double(text), double.isFinite else { throw error("the number is out of range") }
        return .double(double)
    }

    private mutating func skipDigits() {
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
    }

    private mutating func string() throws(StoreError) -> String {
        do {
            return try JSONString.read(bytes, at: &index)
        } catch {
            throw self.error(error.text)
        }
    }
}
