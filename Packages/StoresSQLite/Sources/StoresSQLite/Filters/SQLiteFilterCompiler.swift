#if SQLite
public import StoresCore

/// A filter as an SQL condition over a column of JSON metadata.
///
/// Every leaf is a call of one of this adapter's SQL functions, which give 0 or 1 and never NULL: with NULL out of
/// the way, SQL's AND, OR and NOT are two-valued (F2). Paths and literals are parameters, in JSON.
public struct SQLiteFilter: Sendable {
    /// The condition with `?n` for parameter n, always true or false.
    public let condition: String
    /// What is bound to the parameters, in order.
    public let parameters: [String]

    /// - Parameters:
    ///   - column: The metadata column, a name of this library.
    ///   - firstParameter: The number of the first parameter.
    /// - Throws: `invalidArgument` for what F4, F6 and F7 refuse.
    public init(_ filter: Filter, column: String = "metadata", firstParameter: Int = 1) throws(StoreError) {
        var compiler = Compiler(column: column, next: firstParameter)
        condition = try compiler.condition(filter, depth: 1)
        parameters = compiler.parameters
    }

    var values: [SQLiteValue] { parameters.map(SQLiteValue.text) }
}

extension StoresSQLite {
    /// The condition that a filter becomes, with its parameters in place, for people to read; what runs has bound
    /// parameters.
    public static func nativeQuery(for filter: Filter) throws(StoreError) -> String {
        let compiled = try SQLiteFilter(filter)
        var text = ""
        var rest = compiled.condition[...]
        while let mark = rest.firstIndex(of: "?") {
            text += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let digits = rest.prefix { $0.isNumber }
            rest = rest.dropFirst(digits.count)
            guard let number = Int(digits), compiled.parameters.indices.contains(number - 1) else { continue }
            text += "'" + compiled.parameters[number - 1].replacing("'", with: "''") + "'"
        }
        return text + rest
    }
}

private struct Compiler {
    let column: String
    var next: Int
    var parameters: [String] = []
    private var nodes = 0

    init(column: String, next: Int) {
        self.column = column
        self.next = next
    }

    mutating func condition(_ filter: Filter, depth: Int) throws(StoreError) -> String {
        nodes += 1
        guard depth <= 32, nodes <= 1000 else {
            throw .invalidArgument("a filter has at most 32 levels and 1000 nodes")
        }
        switch filter {
        case .and(let children): return try join(children, "AND", none: "1", depth)
        case .or(let children): return try join(children, "OR", none: "0", depth)
        case .not(let child): return "NOT \(try condition(child, depth: depth + 1))"
        case .equal(let path, let value): return try leaf(.equal, path, value)
        case .notEqual(let path, let value): return "NOT \(try leaf(.equal, path, value))"
        case .less(let path, let value): return try leaf(.less, path, value)
        case .lessOrEqual(let path, let value): return try leaf(.lessOrEqual, path, value)
        case .greater(let path, let value): return try leaf(.greater, path, value)
        case .greaterOrEqual(let path, let value): return try leaf(.greaterOrEqual, path, value)
        case .in(let path, let values): return try leaf(.in, path, .array(values))
        case .notIn(let path, let values): return "NOT \(try leaf(.in, path, .array(values)))"
        case .contains(let path, let value): return try leaf(.contains, path, value)
        case .containsAny(let path, let values): return try leaf(.containsAny, path, .array(values))
        case .containsAll(let path, let values): return try leaf(.containsAll, path, .array(values))
        case .startsWith(let path, let prefix): return try leaf(.startsWith, path, .string(prefix))
        case .exists(let path): return try exists(path)
        case .isNull(let path): return "NOT \(try exists(path))"
        }
    }

    // A long chain would be as deep for SQLite as it is long, and SQLite takes 1000 levels: halved, it is shallow.
    private mutating func join(_ children: [Filter], _ word: String, none: String, _ depth: Int) throws(StoreError)
        -> String
    {
        var parts: [String] = []
        for child in children { parts.append(try condition(child, depth: depth + 1)) }
        guard !parts.isEmpty else { return none }
        while parts.count > 1 {
            var halved: [String] = []
            for start in stride(from: 0, to: parts.count, by: 2) {
                halved.append(
                    start + 1 < parts.count ? "(\(parts[start]) \(word) \(parts[start + 1]))" : parts[start])
            }
            parts = halved
        }
        return parts[0]
    }

    private mutating func leaf(_ test: FilterTest.Operator, _ path: FieldPath, _ literal: Value) throws(StoreError)
        -> String
    {
        try literal.checkForJSON()
        return "\(test.function)(\(column), \(try bind(path)), \(bind(literal.json)))"
    }

    private mutating func exists(_ path: FieldPath) throws(StoreError) -> String {
        "\(FilterTest.Operator.exists.function)(\(column), \(try bind(path)))"
    }

    private mutating func bind(_ path: FieldPath) throws(StoreError) -> String {
        if let problem = path.problem { throw .invalidArgument("filter: \(problem)") }
        return bind(Value.array(path.segments.map(Value.string)).json)
    }

    private mutating func bind(_ text: String) -> String {
        defer { next += 1 }
        parameters.append(text)
        return "?\(next)"
    }
}
#endif
