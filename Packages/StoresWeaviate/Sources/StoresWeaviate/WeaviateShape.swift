#if HTTP
import StoresCore
import StoresHTTP

/// What the declared fields of a collection add to its schema. It follows from the collection's shape alone, which
/// never changes.
struct WeaviateShape {
    /// Keys of ``FilterTerms`` whose orders have a number property of their own: the first of each declared, indexed
    /// field of a kind that has an order, as far as Weaviate takes them for names.
    let orders: Set<String>
    /// Properties for other clients, by name.
    let properties: [(name: String, field: FieldDefinition)]

    init(_ spec: VectorCollectionSpec) {
        var orders: Set<String> = []
        var properties: [(name: String, field: FieldDefinition)] = []
        var taken: Set<String> = []
        for field in spec.fields.sorted(by: { IDKey("\($0.path)") < IDKey("\($1.path)") }) {
            let key = FilterTerms.orderKey(field.path)
            // Weaviate takes names that differ by case alone for the same: the first has it.
            if field.isIndexed, field.type.hasOrder, key.utf8.count <= 200, taken.insert(key.lowercased()).inserted {
                orders.insert(key)
            }
            guard let name = WeaviateName.property(field), taken.insert(name.lowercased()).inserted else { continue }
            properties.append((name, field))
        }
        self.orders = orders
        self.properties = properties
    }

    /// The schema's properties.
    var schema: [Value] {
        func text(_ name: StaticString, _ type: String, isFiltered: Bool, byWords: Bool = false) -> Value {
            [
                "name": .string("\(name)"), "dataType": [.string(type)],
                "tokenization": .string(byWords ? "word" : "field"), "indexFilterable": .bool(isFiltered),
                "indexSearchable": .bool(byWords),
            ]
        }
        var all = [
            text(WeaviateCodec.id, "text", isFiltered: true), text(WeaviateCodec.terms, "text[]", isFiltered: true),
            text(WeaviateCodec.metadata, "text", isFiltered: false),
            text(WeaviateCodec.document, "text", isFiltered: false, byWords: true),
        ]
        for key in orders.sorted() {
            all.append([
                "name": .string(WeaviateCodec.prefix + key), "dataType": ["number"], "indexFilterable": true,
                "indexRangeFilters": true,
            ])
        }
        for (name, field) in properties {
            var property: Metadata = [
                "name": .string(name), "dataType": [.string(field.type.dataType)],
                "indexFilterable": .bool(field.isIndexed),
            ]
            if field.type == .string || field.type == .stringArray {
                property["tokenization"] = "field"
                property["indexSearchable"] = false
            }
            all.append(.object(property))
        }
        return all
    }
}

extension FieldType {
    fileprivate var dataType: String {
        switch self {
        case .bool: "boolean"
        case .int: "int"
        case .double: "number"
        case .string: "text"
        case .instant: "date"
        case .boolArray: "boolean[]"
        case .intArray: "int[]"
        case .doubleArray: "number[]"
        case .stringArray: "text[]"
        case .instantArray: "date[]"
        }
    }
}
#endif
