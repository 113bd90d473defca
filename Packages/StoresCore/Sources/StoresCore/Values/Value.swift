/// A metadata value: what every backend can keep and every filter can compare.
///
/// Doubles are finite: NaN and infinities are refused on write. Equality between values of this type is structural
/// (`.int(1) != .double(1)`), with strings and keys by their UTF-8 bytes; filters compare numbers by value, see
/// ``Filter``.
public enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case instant(Timestamp)
    case array([Value])
    case object([String: Value])
}

// Written by hand, because the synthesised one would compare strings by canonical equivalence.
extension Value: Hashable {
    public static func == (lhs: Value, rhs: Value) -> Bool {
        switch (lhs, rhs) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.double(let a), .double(let b)): a == b
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.instant(let a), .instant(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.hasSameBytes(as: b)
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .bool(let value): hasher.combine(value ? 1 : 2 as UInt8)
        case .int(let value):
            hasher.combine(3 as UInt8)
            hasher.combine(value)
        case .double(let value):
            hasher.combine(4 as UInt8)
            hasher.combine(value)
        case .string(let value):
            hasher.combine(5 as UInt8)
            value.hashBytes(into: &hasher)
        case .instant(let value):
            hasher.combine(6 as UInt8)
            hasher.combine(value)
        case .array(let values):
            hasher.combine(7 as UInt8)
            hasher.combine(values)
        case .object(let fields):
            hasher.combine(8 as UInt8)
            fields.hashBytes(into: &hasher)
        }
    }
}

/// The named values of a record.
public typealias Metadata = [String: Value]

extension Value: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(stringLiteral value: String) { self = .string(value) }
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}

/// Swift types that are a ``Value``: what the filter operators and metadata builders accept.
public protocol ValueConvertible: Sendable {
    var storeValue: Value { get }
}

extension Value: ValueConvertible { public var storeValue: Value { self } }
extension Bool: ValueConvertible { public var storeValue: Value { .bool(self) } }
extension Int: ValueConvertible { public var storeValue: Value { .int(Int64(self)) } }
extension Int64: ValueConvertible { public var storeValue: Value { .int(self) } }
extension Int32: ValueConvertible { public var storeValue: Value { .int(Int64(self)) } }
extension Double: ValueConvertible { public var storeValue: Value { .double(self) } }
extension Float: ValueConvertible { public var storeValue: Value { .double(Double(self)) } }
extension String: ValueConvertible { public var storeValue: Value { .string(self) } }
extension Timestamp: ValueConvertible { public var storeValue: Value { .instant(self) } }
extension Array: ValueConvertible where Element: ValueConvertible {
    public var storeValue: Value { .array(map(\.storeValue)) }
}
extension Optional: ValueConvertible where Wrapped: ValueConvertible {
    public var storeValue: Value { self?.storeValue ?? .null }
}

extension Value {
    /// The JSON-like name of this value's kind, as error messages use it.
    public var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .double: "double"
        case .string: "string"
        case .instant: "instant"
        case .array: "array"
        case .object: "object"
        }
    }
}
