/// The strings of JSON (RFC 8259, section 7): what every reader here has in common.
public enum JSONString {
    /// What is wrong with a string; where it is, the index says.
    public struct Problem: Error, Sendable, Hashable {
        public let text: String
    }

    /// Reads a string whose opening quote is at `index`, which is then after the closing one.
    ///
    /// - Throws: What is wrong, with `index` at it: no quote, no end, a control character, an unknown escape, half of a
    ///   surrogate pair, bytes that are no UTF-8.
    public static func read(_ bytes: UnsafeBufferPointer<UInt8>, at index: inout Int) throws(Problem) -> String {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw Problem(text: "expected a string") }
        index += 1
        let start = index
        skipPlain(bytes, &index)
        // Nearly always there is nothing to unescape.
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            let plain = UnsafeBufferPointer(rebasing: bytes[start..<index])
            index += 1
            return try text(plain)
        }
        var unescaped = Array(bytes[start..<index])
        while true {
            guard index < bytes.count else { throw Problem(text: "unterminated string") }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return try unescaped.withUnsafeBufferPointer { buffer throws(Problem) in try text(buffer) }
            case UInt8(ascii: "\\"):
                index += 1
                try unescape(bytes, &index, into: &unescaped)
            case 0..<0x20: throw Problem(text: "control character in a string")
            default:
                let from = index
                skipPlain(bytes, &index)
                unescaped += bytes[from..<index]
            }
        }
    }

    private static func text(_ bytes: UnsafeBufferPointer<UInt8>) throws(Problem) -> String {
        guard let text = String(utf8: UnsafeRawBufferPointer(bytes)) else { throw Problem(text: "not valid UTF-8") }
        return text
    }

    @inline(__always)
    private static func skipPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\"),
            bytes[index] >= 0x20
        { index += 1 }
    }

    private static func unescape(
        _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int, into text: inout [UInt8]
    ) throws(Problem) {
        guard index < bytes.count else { throw Problem(text: "unterminated string") }
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
            var code = try hexadecimal(bytes, &index)
            if (0xD800..<0xDC00).contains(code) {
                guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
                else { throw Problem(text: "lone surrogate") }
                index += 2
                let low = try hexadecimal(bytes, &index)
                guard (0xDC00..<0xE000).contains(low) else { throw Problem(text: "lone surrogate") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw Problem(text: "lone surrogate") }
            text.append(contentsOf: String(Character(scalar)).utf8)
        default: throw Problem(text: "unknown escape")
        }
    }

    private static func hexadecimal(_ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int) throws(Problem) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
                throw Problem(text: "expected four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
