/// A field in a filter expression: `Filter.field("size") > 100`.
public struct FilterField: Sendable {
    public let path: FieldPath

    public init(_ path: FieldPath) {
        self.path = path
    }

    public func `in`<V: ValueConvertible>(_ values: [V]) -> Filter { .in(path, values.map(\.storeValue)) }
    public func notIn<V: ValueConvertible>(_ values: [V]) -> Filter { .notIn(path, values.map(\.storeValue)) }
    public func contains(_ value: some ValueConvertible) -> Filter { .contains(path, value.storeValue) }
    public func containsAny<V: ValueConvertible>(_ values: [V]) -> Filter {
        .containsAny(path, values.map(\.storeValue))
    }
    public func containsAll<V: ValueConvertible>(_ values: [V]) -> Filter {
        .containsAll(path, values.map(\.storeValue))
    }
    public func startsWith(_ prefix: String) -> Filter { .startsWith(path, prefix) }
    public var isNull: Filter { .isNull(path) }
    public var exists: Filter { .exists(path) }
}

// `.field` stands on both types: the compiler looks an implicit member up on the operand's type before an operator
// (`.field("a") == 1`, a FilterField) and on the result's type before a method (`.field("a").in([1])`, a Filter).
extension FilterField {
    /// A top-level field; its name is taken literally, dots do not split.
    public static func field(_ name: String) -> FilterField { FilterField(FieldPath(name)) }
    /// A field of a nested object: `.field("author", "name")`.
    public static func field(_ first: String, _ rest: String...) -> FilterField {
        FilterField(FieldPath([first] + rest))
    }
    public static func field(_ path: FieldPath) -> FilterField { FilterField(path) }

    public static func == (field: FilterField, value: some ValueConvertible) -> Filter {
        let literal = value.storeValue
        return literal == .null ? .isNull(field.path) : .equal(field.path, literal)
    }
    public static func != (field: FilterField, value: some ValueConvertible) -> Filter {
        let literal = value.storeValue
        return literal == .null ? .exists(field.path) : .notEqual(field.path, literal)
    }
    public static func < (field: FilterField, value: some ValueConvertible) -> Filter {
        .less(field.path, value.storeValue)
    }
    public static func <= (field: FilterField, value: some ValueConvertible) -> Filter {
        .lessOrEqual(field.path, value.storeValue)
    }
    public static func > (field: FilterField, value: some ValueConvertible) -> Filter {
        .greater(field.path, value.storeValue)
    }
    public static func >= (field: FilterField, value: some ValueConvertible) -> Filter {
        .greaterOrEqual(field.path, value.storeValue)
    }
}

extension Filter {
    /// A top-level field; its name is taken literally, dots do not split.
    public static func field(_ name: String) -> FilterField { FilterField(FieldPath(name)) }
    /// A field of a nested object: `.field("author", "name")`.
    public static func field(_ first: String, _ rest: String...) -> FilterField {
        FilterField(FieldPath([first] + rest))
    }
    public static func field(_ path: FieldPath) -> FilterField { FilterField(path) }

    public static func && (lhs: Filter, rhs: Filter) -> Filter {
        switch (lhs, rhs) {
        case (.and(let left), .and(let right)): .and(left + right)
        case (.and(let left), _): .and(left + [rhs])
        case (_, .and(let right)): .and([lhs] + right)
        default: .and([lhs, rhs])
        }
    }
    public static func || (lhs: Filter, rhs: Filter) -> Filter {
        switch (lhs, rhs) {
        case (.or(let left), .or(let right)): .or(left + right)
        case (.or(let left), _): .or(left + [rhs])
        case (_, .or(let right)): .or([lhs] + right)
        default: .or([lhs, rhs])
        }
    }
    public static prefix func ! (filter: Filter) -> Filter {
        if case .not(let inner) = filter { return inner }
        return .not(filter)
    }
}
