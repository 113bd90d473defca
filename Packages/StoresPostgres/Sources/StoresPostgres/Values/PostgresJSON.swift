import StoresCore

/// Metadata as `jsonb` keeps it: a form that reads back as it was, and in which Postgres compares by value.
///
/// jsonb keeps numbers as exact decimals with their trailing zeros. An integral double within the range of `Int64` is
/// therefore written with all its digits and `.0`: its decimal is then its exact value, so that it equals the integer
/// of the same value and no other, and its fraction tells it from an integer when it is read. Beyond that range, and
/// with a fraction, the shortest form does: it lies between the same integers as the double. Minus zero becomes zero.
///
/// An instant is `{"$instant": <milliseconds since 1970>}`: a number, which has the instants' order.
enum PostgresJSON {
    // The core's reader takes 128 levels.
    private static let maxDepth = 100

    /// - Throws: `invalidArgument` for a text with NUL, which Postgres cannot store, for numbers that are not finite
    ///   and for more than 100 levels.
    static func encode(_ metadata: Metadata) throws(StoreError) -> [UInt8] {
        if metadata.isEmpty { return [UInt8(ascii: "{"), UInt8(ascii: "}")] }
        var writer = Writer()
        writer.bytes.reserveCapacity(32 * metadata.count)
        try writer.object(metadata, depth: 1)
        return writer.bytes
    }

    static func encode(_ value: Value) throws(StoreError) -> [UInt8] {
        var writer = Writer()
        try writer.value(value, depth: 1)
        return writer.bytes
    }

    static func encode(_ strings: [String: String]) throws(StoreError) -> [UInt8] {
        try encode(strings.mapValues(Value.string))
    }

    static func metadata(_ bytes: [UInt8]) throws(StoreError) -> Metadata {
        if bytes.count == 2 { return [:] }
        guard case .object(let fields)? = try? JSONReader.value(from: bytes) else {
            throw damaged("metadata is no JSON object")
        }
        return fields
    }

    static func strings(_ bytes: [UInt8]) throws(StoreError) -> [String: String] {
        var strings: [String: String] = [:]
        for (name, value) in try metadata(bytes) {
            guard case .string(let text) = value else { throw damaged("a field of texts holds something else") }
            strings[name] = text
        }
        return strings
    }

    static func damaged(_ what: String) -> StoreError {
        StoreError(
            .corrupt, what, remedy: "look whether another program writes to the tables of the stores' schema")
    }

    /// The digits of a number as jsonb and `numeric` read them.
    static func digits(_ number: Double) -> String {
        Int64(exactly: number).map { "\($0).0" } ?? number.description
    }

    private struct Writer {
        var bytes: [UInt8] = []

        mutating func value(_ value: Value, depth: Int) throws(StoreError) {
            guard depth <= maxDepth else { throw .invalidArgument("a value has at most \(maxDepth) levels") }
            switch value {
            case .null: raw("null")
            case .bool(let value): raw(value ? "true" : "false")
            case .int(let number): raw(String(number))
            case .double(let number):
                guard number.isFinite else { throw .invalidArgument("a number is not finite") }
                raw(digits(number))
            case .string(let text): try string(text)
            case .instant(let instant):
                raw("{\"$instant\":")
                raw(String(instant.millisecondsSinceEpoch))
                raw("}")
            case .array(let values):
                raw("[")
                for (index, value) in values.enumerated() {
                    if index > 0 { raw(",") }
                    try self.value(value, depth: depth + 1)
                }
                raw("]")
            case .object(let fields): try object(fields, depth: depth)
            }
        }

        mutating func object(_ fields: Metadata, depth: Int) throws(StoreError) {
            raw("{")
            var isFirst = true
            for (name, value) in fields {
                if !isFirst { raw(",") }
                isFirst = false
                try string(name)
                raw(":")
                try self.value(value, depth: depth + 1)
            }
            raw("}")
        }

        private mutating func string(_ text: String) throws(StoreError) {
            bytes.append(UInt8(ascii: "\""))
            var text = text
            // Mostly there is nothing to escape: as much as goes is copied at once.
            let hasNUL = text.withUTF8 { text in
                var start = 0
                for (place, byte) in text.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
                    if byte == 0 { return true }
                    bytes.append(contentsOf: text[start..<place])
                    start = place + 1
                    escape(byte)
                }
                bytes.append(contentsOf: text[start...])
                return false
            }
            if hasNUL { throw .nulInText("a text of the metadata") }
            bytes.append(UInt8(ascii: "\""))
        }

        private mutating func escape(_ byte: UInt8) {
            if byte >= 0x20 {
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            } else {
                raw("\\u00")
                bytes.append(Self.hexadecimal[Int(byte >> 4)])
                bytes.append(Self.hexadecimal[Int(byte & 15)])
            }
        }

        private mutating func raw(_ text: String) {
            bytes.append(contentsOf: text.utf8)
        }

        private static let hexadecimal = Array("0123456789abcdef".utf8)
    }
}

extension StoreError {
    static func nulInText(_ what: String) -> StoreError {
        .invalidArgument(
            "\(what) holds a NUL, which Postgres cannot store",
            remedy: "remove it, or encode the text, for example as Base64")
    }

    /// Refuses a text that Postgres cannot store.
    static func checkNUL(_ text: String?, _ what: String) throws(StoreError) {
        if let text, text.utf8.contains(0) { throw nulInText(what) }
    }
}
