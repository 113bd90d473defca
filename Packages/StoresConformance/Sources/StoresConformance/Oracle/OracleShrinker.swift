import StoresCore

/// Smaller filters to try in place of one that diverges.
enum OracleShrinker {
    /// Simplest first: the parts of the filter, the filter without a part, the filter with a part made smaller.
    static func candidates(_ filter: Filter) -> [Filter] {
        switch filter {
        case .and(let children):
            return children + lists(children).map(Filter.and)
        case .or(let children):
            return children + lists(children).map(Filter.or)
        case .not(let child):
            return [child] + candidates(child).map(Filter.not)
        case .equal(let path, let value): return literals(value).map { .equal(path, $0) }
        case .notEqual(let path, let value): return literals(value).map { .notEqual(path, $0) }
        case .less(let path, let value): return literals(value).map { .less(path, $0) }
        case .lessOrEqual(let path, let value): return literals(value).map { .lessOrEqual(path, $0) }
        case .greater(let path, let value): return literals(value).map { .greater(path, $0) }
        case .greaterOrEqual(let path, let value): return literals(value).map { .greaterOrEqual(path, $0) }
        case .contains(let path, let value): return literals(value).map { .contains(path, $0) }
        case .in(let path, let values): return operands(values).map { .in(path, $0) }
        case .notIn(let path, let values): return operands(values).map { .notIn(path, $0) }
        case .containsAny(let path, let values): return operands(values).map { .containsAny(path, $0) }
        case .containsAll(let path, let values): return operands(values).map { .containsAll(path, $0) }
        case .startsWith(let path, let prefix):
            return prefix.isEmpty ? [] : [.startsWith(path, "")] + shorter(prefix).map { .startsWith(path, $0) }
        case .isNull, .exists: return []
        }
    }

    private static func lists(_ children: [Filter]) -> [[Filter]] {
        var result: [[Filter]] = []
        for index in children.indices {
            var fewer = children
            fewer.remove(at: index)
            result.append(fewer)
        }
        for index in children.indices {
            for candidate in candidates(children[index]) {
                var changed = children
                changed[index] = candidate
                result.append(changed)
            }
        }
        return result
    }

    private static func operands(_ values: [Value]) -> [[Value]] {
        var result: [[Value]] = []
        for index in values.indices {
            var fewer = values
            fewer.remove(at: index)
            result.append(fewer)
        }
        for index in values.indices {
            for literal in literals(values[index]) {
                var changed = values
                changed[index] = literal
                result.append(changed)
            }
        }
        return result
    }

    /// Simpler literals of the same kind; each step is smaller, so that shrinking ends.
    private static func literals(_ value: Value) -> [Value] {
        switch value {
        case .int(let number): number == 0 ? [] : [.int(0), .int(number / 2)]
        case .double(let number):
            number == 0 ? [] : [.double(0), .double((number / 2).rounded(.towardZero))].filter { $0 != value }
        case .string(let text): text.isEmpty ? [] : [.string("")] + shorter(text).map(Value.string)
        case .instant(let time):
            time.millisecondsSinceEpoch == 0 ? [] : [.instant(Timestamp(millisecondsSinceEpoch: 0))]
        case .null, .bool, .array, .object: []
        }
    }

    private static func shorter(_ text: String) -> [String] {
        let scalars = text.unicodeScalars
        guard scalars.count > 1 else { return [] }
        return [String(String.UnicodeScalarView(scalars.prefix(scalars.count / 2)))]
    }
}
