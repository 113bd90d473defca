/// Writes ``Value`` as JSON: keys sorted by UTF-8 bytes, no white space, so that equal values give equal bytes.
///
/// Integers and doubles stay apart (`1` and `1.0`), doubles are in the shortest form that reads back bit for bit, and
/// an instant is `{"$instant":"2026-01-01T00:00:00.000Z"}`. The key `$instant` is reserved for that.
public struct JSONWriter: ~Copyable {
    /// What was written so far; adapters append what is JSON already.
    public var bytes: [UInt8] = []

    public init() {}

    /// Continues what is there already.
    public init(after bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    /// All that was written, without a copy.
    public consuming func finish() -> [UInt8] { bytes }

    public mutating func append(_ value: Value) {
        switch value {
        case .null: append(raw: "null")
        case .bool(let value): append(raw: value ? "true" : "false")
        case .int(let value): append(raw: String(value))
        case .double(let value): append(raw: value.isFinite ? value.description : "null")
        case .string(let value): append(value)
        case .instant(let value):
            append(raw: "{\"$instant\":\"")
            append(raw: value.description)
            append(raw: "\"}")
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(value)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let fields): append(fields)
        }
    }

    public mutating func append(_ fields: Metadata) {
        bytes.append(UInt8(ascii: "{"))
        // Sorting where the fields are, rather than the fields, keeps their values from being copied.
        var places = Array(fields.indices)
        if places.count > 1 { places.sort { fields[$0].key.compareBytes(to: fields[$1].key) < 0 } }
        var first = true
        for place in places {
            if !first { bytes.append(UInt8(ascii: ",")) }
            first = false
            append(fields[place].key)
            bytes.append(UInt8(ascii: ":"))
            append(fields[place].value)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// A JSON string with its quotes.
    public mutating func append(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { text in
            // Stretches without anything to escape, which is nearly always the whole text, are copied at once.
            var start = 0
            for index in text.indices where Self.needsEscape(text[index]) {
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start..<index]))
                append(escaped: text[index])
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    @inline(__always)
    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append(raw: "\\\"")
        case UInt8(ascii: "\\"): append(raw: "\\\\")
        case 0x0A: append(raw: "\\n")
        case 0x0D: append(raw: "\\r")
        case 0x09: append(raw: "\\t")
        default:
            append(raw: "\\u00")
            bytes.append(Self.hex[Int(byte >> 4)])
            bytes.append(Self.hex[Int(byte & 15)])
        }
    }

    private mutating func append(raw text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private static let hex = Array("0123456789abcdef".utf8)
}

extension Value {
    /// This value as JSON text; see ``JSONWriter``.
    public var json: String {
        var writer = JSONWriter()
        writer.append(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
