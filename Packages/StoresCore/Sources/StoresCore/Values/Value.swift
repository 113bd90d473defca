/// A metadata value: what every backend can keep and every filter can compare.
///
/// Doubles are finite: NaN and infinities are refused on write. Equality between values of this type is structural
/// (`.int(1) != .double(1)`); filters compare numbers by value, see ``Filter``.
public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case instant(Timestamp)
    case array([Value])
    case object([String: Value])
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
