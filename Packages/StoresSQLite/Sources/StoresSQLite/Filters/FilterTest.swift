#if SQLite
import StoresCore

/// A leaf of a filter with its literals prepared: what one call of a filter function asks of a record.
final class FilterTest: Sendable {
    enum Operator: String, Sendable, CaseIterable {
        case equal, less, lessOrEqual, greater, greaterOrEqual, `in`, contains, containsAny, containsAll,
            startsWith, exists

        /// The name of the SQL function: `stores_less_or_equal(metadata, path, literal)`.
        var function: String {
            switch self {
            case .equal: "stores_equal"
            case .less: "stores_less"
            case .lessOrEqual: "stores_less_or_equal"
            case .greater: "stores_greater"
            case .greaterOrEqual: "stores_greater_or_equal"
            case .in: "stores_in"
            case .contains: "stores_contains"
            case .containsAny: "stores_contains_any"
            case .containsAll: "stores_contains_all"
            case .startsWith: "stores_starts_with"
            case .exists: "stores_exists"
            }
        }
    }

    private let test: Operator
    private let path: [[UInt8]]
    /// The literal, or each of a list's.
    private let keys: [FilterLiteral]
    private let set: Set<FilterLiteral>

    /// - Parameters:
    ///   - path: A JSON array of the segments.
    ///   - literal: JSON; an array for operators that take a list.
    /// - Returns: Nil when they are not of that form.
    init?(_ test: Operator, path: UnsafeBufferPointer<UInt8>, literal: UnsafeBufferPointer<UInt8>) {
        guard case .array(let segments) = try? JSONReader.value(from: Array(path)) else { return nil }
        var names: [[UInt8]] = []
        for segment in segments {
            guard case .string(let name) = segment else { return nil }
            names.append(Array(name.utf8))
        }
        self.test = test
        self.path = names
        guard test != .exists else {
            (keys, set) = ([], [])
            return
        }
        guard let value = try? JSONReader.value(from: Array(literal)) else { return nil }
        switch test {
        case .in, .containsAny, .containsAll:
            guard case .array(let values) = value else { return nil }
            keys = values.map(FilterLiteral.init)
        default: keys = [FilterLiteral(value)]
        }
        set = Set(keys)
    }

    func matches(_ metadata: UnsafeBufferPointer<UInt8>) throws(JSONView.Failure) -> Bool {
        let slice = try JSONView.value(at: path, in: metadata)
        guard let slice, slice.kind != .null else { return matchesMissing }
        switch test {
        case .exists: return true
        case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual:
            if let literal = keys.first, let order = try quickOrder(slice, literal) { return holds(order) }
        case .startsWith:
            if let text = slice.plainString, case .string(let prefix)? = keys.first {
                return text.starts(with: prefix.bytes)
            }
        default: break
        }
        guard let value = slice.value else { throw .malformed }
        return matches(value)
    }

    private var matchesMissing: Bool {
        switch test {
        case .equal, .in: set.contains(.null)
        case .containsAll: keys.isEmpty
        default: false
        }
    }

    private func matches(_ value: Value) -> Bool {
        switch test {
        case .exists: return value != .null
        case .equal, .in: return set.contains(FilterLiteral(value))
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard let literal = keys.first else { return false }
            return FilterLiteral(value).order(to: literal).map(holds) ?? false
        case .contains, .containsAny:
            guard case .array(let elements) = value else { return false }
            return elements.contains { set.contains(FilterLiteral($0)) }
        case .containsAll:
            if keys.isEmpty { return true }
            guard case .array(let elements) = value else { return false }
            return Set(elements.map(FilterLiteral.init)).isSuperset(of: set)
        case .startsWith:
            guard case .string(let text) = value, case .string(let prefix)? = keys.first else { return false }
            return text.utf8.starts(with: prefix.bytes)
        }
    }

    private func holds(_ order: Int) -> Bool {
        switch test {
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        default: order == 0
        }
    }

    /// The order of the commonest values, without decoding them; nil to take the long way.
    private func quickOrder(_ slice: JSONView.Slice, _ literal: FilterLiteral) throws(JSONView.Failure) -> Int? {
        switch literal {
        case .int(let wanted):
            guard let number = slice.smallInteger else { return nil }
            return number < wanted ? -1 : number == wanted ? 0 : 1
        case .string(let wanted):
            guard let text = slice.plainString else { return nil }
            return FilterLiteral.order(UnsafeRawBufferPointer(text), wanted.bytes)
        default: return nil
        }
    }
}
#endif
