#if SQLite
import StoresCore

/// A value as filters compare it: equal when the filter `equal` says so. Integral doubles are integers, texts
/// their bytes.
enum FilterLiteral: Hashable, Sendable {
    struct Bytes: Hashable, Sendable {
        var bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
    }

    case null
    case bool(Bool)
    case int(Int64)
    /// Never one that an `Int64` can express.
    case double(Double)
    case string(Bytes)
    case instant(Timestamp)
    case array([FilterLiteral])
    case object([Bytes: FilterLiteral])

    init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .double(let value): self = Int64(exactly: value).map(FilterLiteral.int) ?? .double(value)
        case .string(let value): self = .string(Bytes(value))
        case .instant(let value): self = .instant(value)
        case .array(let values): self = .array(values.map(FilterLiteral.init))
        case .object(let fields):
            self = .object(
                Dictionary(
                    fields.map { (Bytes($0), FilterLiteral($1)) }, uniquingKeysWith: { $1 }))
        }
    }

    /// Negative, zero or positive; nil when the two have no order.
    func order(to other: FilterLiteral) -> Int? {
        switch (self, other) {
        case (.int(let a), .int(let b)): Self.order(a, b)
        case (.double(let a), .double(let b)): Self.order(a, b)
        case (.int(let a), .double(let b)): Self.mixedOrder(a, b)
        case (.double(let a), .int(let b)): Self.mixedOrder(b, a).map { -$0 }
        case (.string(let a), .string(let b)): a.bytes.withUnsafeBytes { Self.order($0, b.bytes) }
        case (.instant(let a), .instant(let b)): Self.order(a, b)
        default: nil
        }
    }

    private static func order<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a == b ? 0 : 1 }

    /// Exact: neither number is rounded to the other's type.
    private static func mixedOrder(_ integer: Int64, _ double: Double) -> Int? {
        if double.isNaN { return nil }
        if double >= 0x1p63 { return -1 }
        if double < -0x1p63 { return 1 }
        let whole = Int64(double)
        if integer != whole { return integer < whole ? -1 : 1 }
        return order(0, double - Double(whole))
    }

    /// By bytes; of two texts of which one begins the other, the shorter is less.
    static func order(_ text: UnsafeRawBufferPointer, _ other: [UInt8]) -> Int {
        for (a, b) in zip(text, other) where a != b { return a < b ? -1 : 1 }
        return order(text.count, other.count)
    }
}
#endif
