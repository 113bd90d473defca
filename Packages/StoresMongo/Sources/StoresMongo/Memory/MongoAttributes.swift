import StoresCore

// Attributes as BSON, as another client would write them: numbers, strings, dates, arrays, objects. They are what is
// given back; filters look at ``MongoFields``.

extension BSONDocument {
    init(_ metadata: Metadata) {
        self.init(
            metadata.map { Field(name: MongoKey.fieldName($0), value: BSONValue($1)) }.sorted { $0.name < $1.name })
    }

    /// - Throws: `corrupt` for kinds that attributes don't have.
    func metadata() throws(StoreError) -> Metadata {
        var metadata: Metadata = [:]
        for field in fields { metadata[MongoKey.name(field.name)] = try field.value.value() }
        return metadata
    }
}

extension BSONValue {
    fileprivate init(_ value: StoresCore.Value) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int64(value)
        case .double(let value): self = .double(value)
        case .string(let value): self = .string(value)
        case .instant(let value): self = .date(value.millisecondsSinceEpoch)
        case .array(let values): self = .array(values.map(BSONValue.init))
        case .object(let fields): self = .document(BSONDocument(fields))
        }
    }

    fileprivate func value() throws(StoreError) -> StoresCore.Value {
        switch self {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .int32(let value): return .int(Int64(value))
        case .int64(let value): return .int(value)
        case .double(let value) where value.isFinite: return .double(value)
        case .string(let value): return .string(value)
        case .date(let value): return .instant(Timestamp(millisecondsSinceEpoch: value))
        case .array(let values):
            var elements: [StoresCore.Value] = []
            for value in values { elements.append(try value.value()) }
            return .array(elements)
        case .document(let document): return .object(try document.metadata())
        case .double, .binary, .encoded, .other: throw .mongoForeign("a fact")
        }
    }
}
