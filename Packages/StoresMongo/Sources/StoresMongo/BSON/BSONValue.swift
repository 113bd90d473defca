/// A value of BSON, of the kinds that the stores write; others are read as ``other``.
enum BSONValue: Sendable, Hashable {
    case double(Double)
    case string(String)
    case document(BSONDocument)
    /// A document that is BSON already; never read as this.
    case encoded([UInt8])
    case array([BSONValue])
    case binary([UInt8])
    case bool(Bool)
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case date(Int64)
    case null
    case int32(Int32)
    case int64(Int64)
    /// Of a kind that this library never writes.
    case other
}

/// A document: its fields in order. Names are ours, or escaped with ``MongoKey/fieldName(_:)``.
struct BSONDocument: Sendable, Hashable {
    struct Field: Sendable, Hashable {
        var name: String
        var value: BSONValue
    }

    var fields: [Field]

    init(_ fields: [Field] = []) {
        self.fields = fields
    }

    subscript(name: String) -> BSONValue? {
        get { place(name).map { fields[$0].value } }
        set {
            let place = place(name)
            switch (place, newValue) {
            case (let place?, let value?): fields[place].value = value
            case (let place?, nil): fields.remove(at: place)
            case (nil, let value?): fields.append(Field(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// Texts that are equal by Unicode's rules and of as many bytes are the same bytes where one of them is ASCII, as
    /// our names are.
    private func place(_ name: String) -> Int? {
        fields.firstIndex { $0.name.utf8.count == name.utf8.count && $0.name == name }
    }

    func merging(_ other: BSONDocument) -> BSONDocument {
        var merged = self
        for field in other.fields { merged[field.name] = field.value }
        return merged
    }
}

extension BSONDocument: ExpressibleByDictionaryLiteral {
    init(dictionaryLiteral elements: (String, BSONValue)...) {
        fields = elements.map { Field(name: $0, value: $1) }
    }
}

extension BSONValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
    init(dictionaryLiteral elements: (String, BSONValue)...) {
        self = .document(BSONDocument(elements.map { BSONDocument.Field(name: $0, value: $1) }))
    }
    init(arrayLiteral elements: BSONValue...) { self = .array(elements) }
    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int64) { self = .int64(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension BSONValue {
    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bytes: [UInt8]? { if case .binary(let value) = self { value } else { nil } }
    var date: Int64? { if case .date(let value) = self { value } else { nil } }
    var array: [BSONValue]? { if case .array(let value) = self { value } else { nil } }
    var document: BSONDocument? { if case .document(let value) = self { value } else { nil } }

    /// Whole numbers of any kind: servers answer with 32 or 64 bits, or with doubles.
    var integer: Int64? {
        switch self {
        case .int32(let value): Int64(value)
        case .int64(let value): value
        case .double(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// A date, or null for none.
    static func date(orNull milliseconds: Int64?) -> BSONValue { milliseconds.map(BSONValue.date) ?? .null }
}
