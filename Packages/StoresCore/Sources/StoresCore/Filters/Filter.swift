/// A condition on a record's metadata. Two-valued: every filter is true or false of every record.
///
/// The meaning, which ``matches(_:)`` computes and every adapter must reproduce:
/// - A missing field equals null. `isNull` is true of both, `exists` is its complement.
/// - `not(x)` is the exact complement of `x`; so `notEqual`, which is `not(equal)`, is true of a missing field.
/// - Integers and doubles compare by exact value; a string never equals a number, nor an instant anything else.
///   An order comparison between different kinds, with a missing field, or with an array, is false.
/// - Strings compare by their UTF-8 bytes, whole and case-sensitive.
/// - `contains` looks into arrays. `containsAny` is the `or`, `containsAll` the `and` over its operands, so
///   `containsAll([])` is true and `containsAny([])` false. `in([])` is false, `notIn([])` true, `and([])` true,
///   `or([])` false.
///
/// Built with operators: `.field("section") == "libs" && .field("size") > 100`, or parsed from text with
/// ``init(parsing:)``.
public indirect enum Filter: Sendable {
    case equal(FieldPath, Value)
    case notEqual(FieldPath, Value)
    case less(FieldPath, Value)
    case lessOrEqual(FieldPath, Value)
    case greater(FieldPath, Value)
    case greaterOrEqual(FieldPath, Value)
    case `in`(FieldPath, [Value])
    case notIn(FieldPath, [Value])
    case contains(FieldPath, Value)
    case containsAny(FieldPath, [Value])
    case containsAll(FieldPath, [Value])
    case startsWith(FieldPath, String)
    case isNull(FieldPath)
    case exists(FieldPath)
    case and([Filter])
    case or([Filter])
    case not(Filter)
}

extension Filter {
    /// The names of the nodes, as capabilities and error messages use them.
    public enum Operator: String, Sendable, Hashable, CaseIterable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, `in`, notIn, contains, containsAny,
            containsAll, startsWith, isNull, exists, and, or, not
    }

    public var `operator`: Operator {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        case .in: .in
        case .notIn: .notIn
        case .contains: .contains
        case .containsAny: .containsAny
        case .containsAll: .containsAll
        case .startsWith: .startsWith
        case .isNull: .isNull
        case .exists: .exists
        case .and: .and
        case .or: .or
        case .not: .not
        }
    }

    /// The field that this node tests; nil for `and`, `or` and `not`.
    public var path: FieldPath? {
        switch self {
        case .equal(let path, _), .notEqual(let path, _), .less(let path, _), .lessOrEqual(let path, _),
            .greater(let path, _), .greaterOrEqual(let path, _), .in(let path, _), .notIn(let path, _),
            .contains(let path, _), .containsAny(let path, _), .containsAll(let path, _), .startsWith(let path, _),
            .isNull(let path), .exists(let path):
            path
        case .and, .or, .not: nil
        }
    }

    /// The literals of this node, in order.
    public var literals: [Value] {
        switch self {
        case .equal(_, let value), .notEqual(_, let value), .less(_, let value), .lessOrEqual(_, let value),
            .greater(_, let value), .greaterOrEqual(_, let value), .contains(_, let value):
            [value]
        case .in(_, let values), .notIn(_, let values), .containsAny(_, let values), .containsAll(_, let values):
            values
        case .startsWith(_, let prefix): [.string(prefix)]
        case .isNull, .exists, .and, .or, .not: []
        }
    }

    /// The filters directly below this one.
    public var children: [Filter] {
        switch self {
        case .and(let filters), .or(let filters): filters
        case .not(let filter): [filter]
        default: []
        }
    }
}
