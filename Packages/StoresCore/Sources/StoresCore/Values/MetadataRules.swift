/// What metadata may be, whatever the backend. Tier types call it before they hand a record to a driver.
public enum MetadataRules {
    /// A value at the top level has depth 1.
    public static let maxDepth = 32
    public static let maxKeyBytes = 512
    /// Of the metadata as JSON, without what escaping adds.
    public static let maxBytes = 1 << 20

    /// Refuses numbers that are not finite, the reserved key `$instant`, keys that are empty, too long or have a NUL,
    /// too deep or too large metadata, and values that contradict a declared type. A missing field or null never does,
    /// nor does an integer in a field of doubles.
    ///
    /// - Parameters:
    ///   - metadata: What is about to be written.
    ///   - declared: The fields whose type is known.
    ///   - record: The record's id, for the error.
    /// - Throws: `invalidArgument` naming the record and the field path.
    public static func validate(
        _ metadata: Metadata, declared: [FieldDefinition] = [], record: String? = nil
    ) throws(StoreError) {
        var check = Check(record: record)
        try check.object(metadata)
        for field in declared {
            guard let value = field.path.value(in: metadata), !field.type.accepts(value) else { continue }
            throw check.error(
                "field \(field.path) is declared \(field.type.rawValue); got \(FieldType.describe(value))")
        }
    }

    private struct Check {
        let record: String?
        var path: [String] = []
        var depth = 0
        var bytes = 2

        mutating func object(_ fields: Metadata) throws(StoreError) {
            for (key, value) in fields {
                guard !key.isEmpty else { throw error("an empty key\(place)") }
                guard key.utf8.count <= maxKeyBytes else {
                    throw error("a key of \(key.utf8.count) bytes\(place); at most \(maxKeyBytes)")
                }
                guard !key.hasNUL else { throw error("a key with a NUL\(place)") }
                guard !key.hasSameBytes(as: "$instant") else {
                    throw error("the key $instant\(place), which is reserved")
                }
                path.append(key)
                bytes += key.utf8.count + 4
                try self.value(value)
                path.removeLast()
            }
        }

        mutating func value(_ value: Value) throws(StoreError) {
            depth += 1
            guard depth <= maxDepth else { throw error("metadata deeper than \(maxDepth) levels\(place)") }
            switch value {
            case .null, .bool: bytes += 4
            case .int(let number): bytes += number.magnitude < 1000 ? 3 : 19
            case .double(let number):
                guard number.isFinite else { throw error("a number that is not finite\(place)") }
                bytes += 17
            case .string(let text): bytes += text.utf8.count + 2
            case .instant: bytes += 39
            case .array(let values):
                bytes += 2 + values.count
                for element in values { try self.value(element) }
            case .object(let fields):
                bytes += 2
                try object(fields)
            }
            guard bytes <= maxBytes else { throw error("metadata of more than \(maxBytes) bytes, reached\(place)") }
            depth -= 1
        }

        /// The key path reached, shortened: each key may have 512 bytes.
        private var place: String {
            path.isEmpty ? "" : " at \(FieldPath(path.map { String($0.prefix(64)) }))"
        }

        func error(_ problem: String) -> StoreError {
            let subject = record.map { "record \(Redaction.name($0)): " } ?? ""
            return .invalidArgument("\(subject)\(problem)", resource: record)
        }
    }
}

extension FieldType {
    /// Whether a field of this type may hold this value.
    func accepts(_ value: Value) -> Bool {
        switch value {
        case .null: return true
        case .array(let elements):
            return isArray
                && elements.allSatisfy { element in
                    if case .double = element, self == .intArray { return false }
                    return elementAccepts(element)
                }
        case .double where self == .int: return false
        default: return !isArray && elementAccepts(value)
        }
    }

    /// The kinds in a value, not the value: `array of string, int`.
    static func describe(_ value: Value) -> String {
        guard case .array(let elements) = value else { return value.kindName }
        var kinds: [String] = []
        for element in elements where !kinds.contains(element.kindName) { kinds.append(element.kindName) }
        return kinds.isEmpty ? "array" : "array of \(kinds.joined(separator: ", "))"
    }
}
