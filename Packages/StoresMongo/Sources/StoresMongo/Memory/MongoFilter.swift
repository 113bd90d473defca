import StoresCore

/// Filters as conditions on `fields`, see ``MongoFields``. Paths and literals become strings that are compared, never
/// names or operators: nothing in them is injected.
enum MongoFilter {
    static let nothing: BSONDocument = ["_id": ["$in": []]]
    static let everything: BSONDocument = ["_id": ["$exists": true]]

    static func condition(_ filter: Filter) -> BSONDocument {
        switch filter {
        case .equal(let path, let value): return has(path, value)
        case .notEqual(let path, let value): return not(has(path, value))
        case .less(let path, let value): return order(path, value, "$lt")
        case .lessOrEqual(let path, let value): return order(path, value, "$lte")
        case .greater(let path, let value): return order(path, value, "$gt")
        case .greaterOrEqual(let path, let value): return order(path, value, "$gte")
        case .in(let path, let values): return any(path, [], values)
        case .notIn(let path, let values): return not(any(path, [], values))
        case .contains(let path, let value): return any(path, element, [value])
        case .containsAny(let path, let values): return any(path, element, values)
        case .containsAll(let path, let values):
            return all(values.map { any(path, element, [$0]) })
        case .startsWith(let path, let prefix):
            var bytes = MongoFields.field(path) + [UInt8(ascii: "s")]
            MongoKey.append(prefix.utf8, to: &bytes)
            return range(["$gte": .string(MongoKey.text(bytes)), "$lt": .string(MongoKey.next(bytes))])
        case .isNull(let path): return not(exists(path))
        case .exists(let path): return exists(path)
        case .and(let children): return all(children.map(condition))
        case .or(let children):
            return children.isEmpty ? nothing : ["$or": .array(children.map { .document(condition($0)) })]
        case .not(let child): return not(condition(child))
        }
    }

    private static let element = [UInt8(ascii: "e")]

    private static func has(_ path: FieldPath, _ value: Value) -> BSONDocument {
        if case .null = value { return not(exists(path)) }
        return any(path, [], [value])
    }

    private static func any(_ path: FieldPath, _ kind: [UInt8], _ values: [Value]) -> BSONDocument {
        let field = MongoFields.field(path) + kind
        let texts = values.compactMap(MongoFields.scalar).map { BSONValue.string(MongoKey.text(field + $0)) }
        return texts.isEmpty ? nothing : ["fields": ["$in": .array(texts)]]
    }

    /// Between values of one kind alone.
    private static func order(_ path: FieldPath, _ value: Value, _ comparison: String) -> BSONDocument {
        guard let scalar = MongoFields.scalar(value), let kind = scalar.first else { return nothing }
        let field = MongoFields.field(path)
        var bounds: BSONDocument = [comparison: .string(MongoKey.text(field + scalar))]
        if comparison.hasPrefix("$lt") {
            bounds["$gte"] = .string(MongoKey.text(field + [kind]))
        } else {
            bounds["$lt"] = .string(MongoKey.text(field + [kind + 1]))
        }
        return range(bounds)
    }

    private static func exists(_ path: FieldPath) -> BSONDocument { range(MongoKey.range(MongoFields.field(path))) }

    /// True when one text lies within all bounds.
    private static func range(_ bounds: BSONDocument) -> BSONDocument { ["fields": ["$elemMatch": .document(bounds)]] }

    private static func not(_ condition: BSONDocument) -> BSONDocument { ["$nor": [.document(condition)]] }

    private static func all(_ conditions: [BSONDocument]) -> BSONDocument {
        conditions.isEmpty ? everything : ["$and": .array(conditions.map(BSONValue.document))]
    }
}
