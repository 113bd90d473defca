/// A value in the form in which filters compare it: two keys are equal exactly when the filter `equal` says that the
/// values are. Integers and integral doubles become one number, strings their bytes.
enum FilterKey: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    /// Never one that an `Int64` can express.
    case double(Double)
    case string(ByteKey)
    case instant(Timestamp)
    case array([FilterKey])
    case object([ByteKey: FilterKey])

    init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = Int64(exactly: value).map(FilterKey.int) ?? .double(value)
        case .string(let value): self = .string(ByteKey(value))
        case .instant(let value): self = .instant(value)
        case .array(let values): self = .array(values.map(FilterKey.init))
        case .object(let fields):
            self = .object(Dictionary(uniqueKeysWithValues: fields.map { (ByteKey($0), FilterKey($1)) }))
        }
    }

    /// Whether this is the key of `value`, without making that key.
    func matches(_ value: Value) -> Bool {
        switch (self, value) {
        case (.int(let a), .int(let b)): a == b
        case (.string(let a), .string(let b)): a.text.hasSameBytes(as: b)
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .double(let b)): Int64(exactly: b) == a
        case (.double(let a), .double(let b)): a == b
        case (.instant(let a), .instant(let b)): a == b
        case (.null, .null): true
        case (.array, .array), (.object, .object): self == FilterKey(value)
        default: false
        }
    }
}

/// The order that filters know: numbers by exact value, strings by UTF-8 bytes, instants.
enum FilterOrder {
    /// Negative, zero or positive; nil when the two have no order.
    static func compare(_ left: Value, _ right: Value) -> Int? {
        switch (left, right) {
        case (.int(let a), .int(let b)): sign(a, b)
        case (.string(let a), .string(let b)): a.compareBytes(to: b)
        case (.instant(let a), .instant(let b)): sign(a, b)
        case (.double(let a), .double(let b)): a.isNaN || b.isNaN ? nil : sign(a, b)
        case (.int(let a), .double(let b)): compare(a, b)
        case (.double(let a), .int(let b)): compare(b, a).map { -$0 }
        default: nil
        }
    }

    private static func sign<T: Comparable>(_ a: T, _ b: T) -> Int {
        a < b ? -1 : (a == b ? 0 : 1)
    }

    /// Exact: neither number is rounded to the other's type.
    static func compare(_ integer: Int64, _ double: Double) -> Int? {
        if double.isNaN { return nil }
        if double >= 0x1p63 { return -1 }
        if double < -0x1p63 { return 1 }
        let whole = Int64(double)
        if integer != whole { return integer < whole ? -1 : 1 }
        // Beyond 2^53 a double has no fraction; below, the difference is exact.
        return sign(0, double - Double(whole))
    }
}
