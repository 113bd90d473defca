/// Names for backends that take few characters.
public enum PlainName {
    /// A name of ASCII letters, digits and `-`, with every other byte as `_` and two hexadecimal digits: different
    /// names stay different, and an ordinary one stays readable.
    public static func escape(_ name: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.utf8.count)
        for byte in name.utf8 {
            if byte == UInt8(ascii: "-") {
                bytes.append(byte)
            } else {
                append(byte, to: &bytes)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends a letter or digit as it is, any other byte as `_` and two hexadecimal digits.
    static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            bytes.append(byte)
        default:
            bytes.append(UInt8(ascii: "_"))
            Hexadecimal.append(byte, to: &bytes)
        }
    }

    /// Whether the byte may stand in an identifier: a letter, a digit, `_`, `-` or `.`.
    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
