import StoresCore

/// The JSON of jsonb columns.
enum PostgresJSON {
    // The core's reader takes 128 levels.
    static let maxDepth = 100

    /// - Throws: `invalidArgument` for what jsonb does not take: numbers that are not finite, texts with NUL; and for
    ///   more than 100 levels.
    static func encode(_ metadata: Metadata) throws(StoreError) -> [UInt8] {
        try check(.object(metadata))
        var writer = JSONWriter()
        writer.append(metadata)
        return writer.bytes
    }

    static func metadata(_ bytes: [UInt8]) throws(StoreError) -> Metadata {
        if bytes.count == 2 { return [:] }
        guard case .object(let fields)? = try? JSONReader.value(from: bytes) else {
            throw damaged("a record's metadata is no JSON object")
        }
        return fields
    }

    static func encode(_ strings: [String: String]) throws(StoreError) -> [UInt8] {
        try encode(strings.mapValues(Value.string))
    }

    static func strings(_ bytes: [UInt8]) throws(StoreError) -> [String: String] {
        if bytes.count == 2 { return [:] }
        var strings: [String: String] = [:]
        for (name, value) in try metadata(bytes) {
            guard case .string(let text) = value else { throw damaged("metadata has a value that is no text") }
            strings[name] = text
        }
        return strings
    }

    static func damaged(_ what: String) -> StoreError {
        StoreError(
            .corrupt, what, remedy: "look whether another program writes to the tables of the stores' schema")
    }

    /// Without recursion: a value may be deeper than the stack.
    private static func check(_ value: Value) throws(StoreError) {
        var level = [value]
        var depth = 0
        while !level.isEmpty {
            depth += 1
            guard depth <= maxDepth + 1 else { throw .invalidArgument("a value has at most \(maxDepth) levels") }
            var next: [Value] = []
            for value in level {
                switch value {
                case .double(let number):
                    guard number.isFinite else { throw .invalidArgument("a value has a number that is not finite") }
                case .string(let text): try refuseNUL(text)
                case .array(let values): next += values
                case .object(let fields):
                    for name in fields.keys { try refuseNUL(name) }
                    next += fields.values
                default: break
                }
            }
            level = next
        }
    }

    private static func refuseNUL(_ text: String) throws(StoreError) {
        guard !text.utf8.contains(0) else {
            throw .invalidArgument("a text has a NUL, which Postgres can't store")
        }
    }
}
