import StoresCore

/// Attributes as a list of texts, which is what filters look at: `fields`. Each text is a path and a value, written so
/// that the order of texts is the order of values of one kind; a server compares nothing but strings, and its own rules
/// of types, arrays and missing fields have no say.
///
/// The path's segments, each ended, and one more end; then the kind and the value: `s` and a string, `n` and a number,
/// `i` and an instant, `b` and a bool, `a` for an array, `e` and the same again for each of its elements, `o` for an
/// object. What is null or missing has no text.
enum MongoFields {
    static func texts(_ metadata: Metadata) -> [String] {
        var texts: [String] = []
        append(metadata, [], &texts)
        return texts
    }

    private static func append(_ fields: Metadata, _ path: [UInt8], _ texts: inout [String]) {
        for (name, value) in fields {
            var path = path
            MongoKey.append(name.utf8, to: &path)
            path.append(MongoKey.end)
            let field = path + [MongoKey.end]
            switch value {
            case .null: break
            case .object(let fields):
                texts.append(MongoKey.text(field + [UInt8(ascii: "o")]))
                append(fields, path, &texts)
            case .array(let elements):
                texts.append(MongoKey.text(field + [UInt8(ascii: "a")]))
                for element in elements {
                    guard let scalar = scalar(element) else { continue }
                    texts.append(MongoKey.text(field + [UInt8(ascii: "e")] + scalar))
                }
            default:
                if let scalar = scalar(value) { texts.append(MongoKey.text(field + scalar)) }
            }
        }
    }

    static func field(_ path: FieldPath) -> [UInt8] {
        var bytes: [UInt8] = []
        for segment in path.segments {
            MongoKey.append(segment.utf8, to: &bytes)
            bytes.append(MongoKey.end)
        }
        return bytes + [MongoKey.end]
    }

    /// The kind and the value; nil for null, arrays and objects.
    static func scalar(_ value: Value) -> [UInt8]? {
        switch value {
        case .bool(let value): return Array(value ? "b1".utf8 : "b0".utf8)
        case .int(let value): return [UInt8(ascii: "n")] + number(value)
        case .double(let value): return [UInt8(ascii: "n")] + number(value)
        case .string(let value):
            var bytes = [UInt8(ascii: "s")]
            MongoKey.append(value.utf8, to: &bytes)
            return bytes
        case .instant(let value):
            let shifted = UInt64(bitPattern: value.millisecondsSinceEpoch) ^ (1 << 63)
            return [UInt8(ascii: "i")] + hexadecimal(shifted, digits: 16)
        case .null, .array, .object: return nil
        }
    }

    /// The largest double that is not larger, and what is missing to the integer, which is less than 1024.
    private static func number(_ integer: Int64) -> [UInt8] {
        var double = Double(integer)
        // Rounded up, maybe to 2^63.
        if double >= 0x1p63 || Int64(double) > integer { double = double.nextDown }
        return order(double) + hexadecimal(UInt64(clamping: integer &- Int64(double)), digits: 3)
    }

    private static func number(_ double: Double) -> [UInt8] { order(double) + Array("000".utf8) }

    /// The bits of a double such that their order is that of the numbers.
    private static func order(_ double: Double) -> [UInt8] {
        let bits = double == 0 ? 0 : double.bitPattern
        return hexadecimal(bits >> 63 == 1 ? ~bits : bits | 1 << 63, digits: 16)
    }

    private static func hexadecimal(_ number: UInt64, digits: Int) -> [UInt8] {
        let alphabet = Array("0123456789abcdef".utf8)
        return (0..<digits).map { alphabet[Int(number >> (4 * UInt64(digits - 1 - $0)) & 15)] }
    }
}
