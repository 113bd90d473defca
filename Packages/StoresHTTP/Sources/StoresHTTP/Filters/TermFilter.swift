public import StoresCore

/// A filter over ``FilterTerms``: what an adapter writes in its backend's syntax. Negations are gone, constants too,
/// except at the top.
public indirect enum TermFilter: Sendable, Hashable {
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        case less = "<"
        case lessOrEqual = "<="
        case equal = "=="
        case greaterOrEqual = ">="
        case greater = ">"
    }

    case everything
    case nothing
    /// At least one of these terms is there. Never empty, none twice. One that ``isPrefix(_:)`` stands alone: a term
    /// that begins with it is there.
    case hasAny([String])
    /// None of these terms is there. Never empty, none twice.
    case hasNone([String])
    /// The order under this key compares so. It is there wherever the terms beside it are.
    case order(String, Comparison, Double)
    /// Two or more.
    case and([TermFilter])
    /// Two or more.
    case or([TermFilter])

    /// Compiles a filter in full.
    ///
    /// - Parameter form: What ``FilterTerms`` was given.
    /// - Throws: `unsupported` naming the node, for an order or prefix literal of more bytes than that has.
    public init(_ filter: Filter, _ form: FilterForm = FilterForm()) throws(StoreError) {
        self = try Self.compile(filter, isNegated: false, form)
    }

    /// Whether a term of a filter stands for all that begin with it; see ``FilterForm/hasPrefixes``.
    public static func isPrefix(_ term: String) -> Bool { term.utf8.first == UInt8(ascii: "p") }

    /// The same meaning, computed here: the reference for an adapter's tests.
    public func matches(_ record: FilterTerms) -> Bool {
        switch self {
        case .everything: true
        case .nothing: false
        case .hasAny(let terms):
            terms.contains { term in
                record.terms.contains {
                    Self.isPrefix(term) ? $0.utf8.starts(with: term.utf8) : $0.utf8.elementsEqual(term.utf8)
                }
            }
        case .hasNone(let terms): !TermFilter.hasAny(terms).matches(record)
        case .order(let key, let comparison, let bound):
            switch comparison {
            case .less: record.order(key).map { $0 < bound } ?? false
            case .lessOrEqual: record.order(key).map { $0 <= bound } ?? false
            case .equal: record.order(key) == bound
            case .greaterOrEqual: record.order(key).map { $0 >= bound } ?? false
            case .greater: record.order(key).map { $0 > bound } ?? false
            }
        case .and(let parts): parts.allSatisfy { $0.matches(record) }
        case .or(let parts): parts.contains { $0.matches(record) }
        }
    }

    // MARK: Building

    static func all(_ parts: [TermFilter]) -> TermFilter {
        var kept: [TermFilter] = []
        for part in parts {
            switch part {
            case .everything: continue
            case .nothing: return .nothing
            case .and(let inner): kept += inner
            default: kept.append(part)
            }
        }
        return kept.isEmpty ? .everything : kept.count == 1 ? kept[0] : .and(kept)
    }

    static func any(_ parts: [TermFilter]) -> TermFilter {
        var kept: [TermFilter] = []
        for part in parts {
            switch part {
            case .nothing: continue
            case .everything: return .everything
            case .or(let inner): kept += inner
            default: kept.append(part)
            }
        }
        return kept.isEmpty ? .nothing : kept.count == 1 ? kept[0] : .or(kept)
    }

    static func has(_ terms: [String], isNegated: Bool) -> TermFilter {
        if terms.isEmpty { return isNegated ? .everything : .nothing }
        // A list may name a value twice; backends want a set.
        var seen: Set<IDKey> = []
        let terms = terms.filter { seen.insert(IDKey($0)).inserted }
        return isNegated ? .hasNone(terms) : .hasAny(terms)
    }

    // MARK: Compiling

    private static func compile(_ filter: Filter, isNegated: Bool, _ form: FilterForm) throws(StoreError) -> TermFilter
    {
        switch filter {
        case .not(let child): return try compile(child, isNegated: !isNegated, form)
        case .and(let children), .or(let children):
            var parts: [TermFilter] = []
            for child in children { parts.append(try compile(child, isNegated: isNegated, form)) }
            // De Morgan: under a negation an `and` is an `or` of negations.
            return (filter.operator == .and) != isNegated ? all(parts) : any(parts)
        case .equal(let path, let value): return has(values(path, [value]), isNegated: isNegated)
        case .notEqual(let path, let value): return has(values(path, [value]), isNegated: !isNegated)
        case .in(let path, let values): return has(Self.values(path, values), isNegated: isNegated)
        case .notIn(let path, let values): return has(Self.values(path, values), isNegated: !isNegated)
        case .contains(let path, let value): return has(elements(path, [value]), isNegated: isNegated)
        case .containsAny(let path, let values): return has(elements(path, values), isNegated: isNegated)
        case .containsAll(let path, let values):
            let parts = elements(path, values).map { has([$0], isNegated: isNegated) }
            return isNegated ? any(parts) : all(parts)
        case .exists(let path), .isNull(let path):
            let kinds = FilterKind.allCases.map { FilterPath.kind(FilterPath.pointer(path), $0) }
            return has(kinds, isNegated: isNegated != (filter.operator == .isNull))
        case .less(let path, let value):
            return try order(filter, path, .less, value, isNegated, form)
        case .lessOrEqual(let path, let value):
            return try order(filter, path, .lessOrEqual, value, isNegated, form)
        case .greater(let path, let value):
            return try order(filter, path, .greater, value, isNegated, form)
        case .greaterOrEqual(let path, let value):
            return try order(filter, path, .greaterOrEqual, value, isNegated, form)
        case .startsWith(let path, let prefix): return try starts(filter, path, prefix, isNegated, form)
        }
    }

    private static func values(_ path: FieldPath, _ values: [Value]) -> [String] {
        let pointer = FilterPath.pointer(path)
        return values.compactMap { FilterPath.canonical($0).map { "\(pointer)=\($0)" } }
    }

    private static func elements(_ path: FieldPath, _ values: [Value]) -> [String] {
        let pointer = FilterPath.pointer(path)
        return values.compactMap { FilterPath.canonical($0).map { "\(pointer)@\($0)" } }
    }
}
