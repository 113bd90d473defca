import StoresCore

/// Filters compiled wrongly: what a filter becomes under a defect.
enum FilterDefect {
    static func apply(_ defect: String, to filter: Filter) -> Filter {
        switch (defect, filter) {
        case ("deepFiltersIgnored", _) where depth(filter) > 8: .and([])
        case ("missingIsNotEqual", .notEqual(let path, let value)):
            // SQL's three-valued logic: NULL <> 1 is not true.
            .and([.exists(path), .notEqual(path, value)])
        case ("notIsFalseOnMissing", .not(let inner)):
            if let path = inner.path { .and([.exists(path), .not(inner)]) } else { .not(apply(defect, to: inner)) }
        case ("integersAsDoubles", .equal(let path, .int(let value))): .equal(path, .double(Double(value)))
        case ("stringsFoldCase", .equal(let path, .string(let text))):
            .in(path, [.string(text), .string(text.lowercased()), .string(text.uppercased())])
        case ("prefixAsPattern", .startsWith(let path, let prefix)):
            prefix.contains("%") || prefix.contains("_") ? .exists(path) : filter
        case ("invalidPathMatchesAll", _) where filter.path?.segments.contains { $0.contains("\"") } == true: .and([])
        case ("emptyInIsTrue", .in(let path, let values)): values.isEmpty ? .and([]) : .in(path, values)
        case ("dotsSplit", _):
            map(filter) { FieldPath(dotted: $0.segments.joined(separator: ".")) }
        case (_, .and(let filters)): .and(filters.map { apply(defect, to: $0) })
        case (_, .or(let filters)): .or(filters.map { apply(defect, to: $0) })
        case (_, .not(let inner)): .not(apply(defect, to: inner))
        default: filter
        }
    }

    private static func depth(_ filter: Filter) -> Int { 1 + (filter.children.map(depth).max() ?? 0) }

    private static func map(_ filter: Filter, _ change: (FieldPath) -> FieldPath) -> Filter {
        switch filter {
        case .equal(let path, let value): .equal(change(path), value)
        case .notEqual(let path, let value): .notEqual(change(path), value)
        case .exists(let path): .exists(change(path))
        case .isNull(let path): .isNull(change(path))
        case .in(let path, let values): .in(change(path), values)
        case .startsWith(let path, let prefix): .startsWith(change(path), prefix)
        case .and(let filters): .and(filters.map { map($0, change) })
        case .or(let filters): .or(filters.map { map($0, change) })
        case .not(let inner): .not(map(inner, change))
        default: filter
        }
    }
}
