/// Bytes as two hexadecimal digits each.
enum Hexadecimal {
    private static let lower: StaticString = "0123456789abcdef"
    private static let upper: StaticString = "0123456789ABCDEF"

    static func append(_ byte: UInt8, isUpper: Bool = false, to bytes: inout [UInt8]) {
        let digits = isUpper ? upper.utf8Start : lower.utf8Start
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
    }

    /// Whether the byte is a digit as they are written here, in lower case.
    static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
