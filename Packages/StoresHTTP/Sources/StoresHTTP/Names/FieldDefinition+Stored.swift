public import StoresCore

/// Declared fields as a backend keeps them beside a collection: it has no place for them of its own.
extension FieldDefinition {
    public var stored: Value {
        [
            "path": .array(path.segments.map(Value.string)), "type": .string(type.rawValue),
            "indexed": .bool(isIndexed),
        ]
    }

    /// Nil for what was not written by `stored`.
    public init?(stored: Value) {
        guard case .object(let item) = stored, case .array(let path) = item["path"],
            case .string(let raw) = item["type"], let type = FieldType(rawValue: raw),
            case .bool(let isIndexed) = item["indexed"]
        else { return nil }
        let segments = path.compactMap { if case .string(let segment) = $0 { segment } else { nil } }
        guard segments.count == path.count else { return nil }
        self.init(FieldPath(segments), type, isIndexed: isIndexed)
    }

    /// All of an array, or nil when one of them is none.
    public static func list(stored: Value) -> [FieldDefinition]? {
        guard case .array(let items) = stored else { return nil }
        let fields = items.compactMap(FieldDefinition.init(stored:))
        return fields.count == items.count ? fields : nil
    }
}

extension FieldType {
    /// Whether `<` and its like compare values of this type.
    public var hasOrder: Bool {
        switch self {
        case .int, .double, .string, .instant: true
        case .bool, .boolArray, .intArray, .doubleArray, .stringArray, .instantArray: false
        }
    }
}
