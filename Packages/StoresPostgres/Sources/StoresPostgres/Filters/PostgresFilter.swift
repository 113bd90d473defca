import StoresCore

/// A filter as an SQL condition over a column of `jsonb` metadata.
///
/// Negations are pushed down to the leaves, and a negated leaf is `(…) IS NOT TRUE`. So above the leaves there are AND
/// and OR alone, and a leaf may be NULL where it means false: the condition is true of exactly those rows of which the
/// filter is (F2), and leaves stay in the form that indexes know.
///
/// Equality and containment are `metadata @> '{"path": value}'`, which a GIN index answers. jsonb compares numbers by
/// their exact values and texts by their bytes; orders of texts are under `COLLATE "C"`, which is the order of UTF-8
/// bytes. Paths and literals are parameters. A step into an object is `-> text`, which, unlike `#>`, does not take the
/// elements of an array for fields.
struct PostgresFilter {
    private let column: String
    private let fields: [FieldPath: PostgresFieldColumn]
    private var arguments: PostgresArguments
    private var nodes = 0

    /// - Parameters:
    ///   - column: The metadata column, a name of this library.
    ///   - fields: Declared fields that have a column of their own, in the same table.
    ///   - alias: The table's alias, with which the columns of `fields` are named.
    /// - Returns: True exactly of the rows that match; false or NULL of the others. In parentheses where it needs them.
    /// - Throws: `invalidArgument` for what F4, F6 and F7 refuse.
    static func condition(
        _ filter: Filter, column: String, fields: [PostgresFieldColumn] = [], alias: String = "r",
        _ arguments: inout PostgresArguments
    ) throws(StoreError) -> String {
        let columns = fields.map { field in
            (field.path, PostgresFieldColumn(name: "\(alias).\(field.name)", kind: field.kind, path: field.path))
        }
        var compiler = PostgresFilter(
            column: column, fields: Dictionary(columns, uniquingKeysWith: { first, _ in first }),
            arguments: arguments)
        let condition = try compiler.condition(filter, isNegated: false, depth: 1)
        arguments = compiler.arguments
        return condition
    }

    private init(column: String, fields: [FieldPath: PostgresFieldColumn], arguments: PostgresArguments) {
        self.column = column
        self.fields = fields
        self.arguments = arguments
    }

    private mutating func condition(_ filter: Filter, isNegated: Bool, depth: Int) throws(StoreError) -> String {
        nodes += 1
        guard depth <= Filter.maxDepth, nodes <= Filter.maxNodes else {
            throw .invalidArgument("a filter has at most \(Filter.maxDepth) levels and \(Filter.maxNodes) nodes")
        }
        switch filter {
        case .and(let children): return try join(children, isAnd: !isNegated, isNegated, depth)
        case .or(let children): return try join(children, isAnd: isNegated, isNegated, depth)
        case .not(let child): return try condition(child, isNegated: !isNegated, depth: depth + 1)
        default: break
        }
        let (leaf, isComplement) = try leaf(filter)
        guard isComplement != isNegated else { return leaf }
        switch leaf {
        case "true": return "false"
        case "false": return "true"
        default: return "(\(leaf)) IS NOT TRUE"
        }
    }

    private mutating func join(_ children: [Filter], isAnd: Bool, _ isNegated: Bool, _ depth: Int)
        throws(StoreError) -> String
    {
        var parts: [String] = []
        for child in children { parts.append(try condition(child, isNegated: isNegated, depth: depth + 1)) }
        switch parts.count {
        case 0: return isAnd ? "true" : "false"
        case 1: return parts[0]
        default: return "(\(parts.joined(separator: isAnd ? " AND " : " OR ")))"
        }
    }

    /// The condition of a leaf, or of the leaf whose complement it is.
    private mutating func leaf(_ filter: Filter) throws(StoreError) -> (String, isComplement: Bool) {
        if let path = filter.path, let problem = path.problem { throw .invalidArgument("filter: \(problem)") }
        switch filter {
        case .equal(let path, let value): return (try equal(path, value), false)
        case .notEqual(let path, let value): return (try equal(path, value), true)
        case .less(let path, let value): return (try order(path, "<", value), false)
        case .lessOrEqual(let path, let value): return (try order(path, "<=", value), false)
        case .greater(let path, let value): return (try order(path, ">", value), false)
        case .greaterOrEqual(let path, let value): return (try order(path, ">=", value), false)
        case .in(let path, let values): return (try any(path, values), false)
        case .notIn(let path, let values): return (try any(path, values), true)
        case .contains(let path, let value): return (try containsAny(path, [value]), false)
        case .containsAny(let path, let values): return (try containsAny(path, values), false)
        case .containsAll(let path, let values): return (try containsAll(path, values), false)
        case .startsWith(let path, let prefix): return (try starts(path, prefix), false)
        case .isNull(let path): return (exists(path), true)
        case .exists(let path): return (exists(path), false)
        case .and, .or, .not: return ("true", false)
        }
    }

    // MARK: - Places

    /// The jsonb value at the path; NULL where there is none.
    private mutating func value(_ path: FieldPath) -> String {
        "(" + path.segments.reduce(column) { "\($0) -> \(arguments.bind(.text($1)))" } + ")"
    }

    /// The text at the path, if it is a string.
    private mutating func text(_ path: FieldPath) -> String {
        let outer = path.segments.dropLast().reduce(column) { "\($0) -> \(arguments.bind(.text($1)))" }
        return "(\(outer) ->> \(arguments.bind(.text(path.segments.last ?? ""))))"
    }

    /// `{"path": value}`
    private mutating func document(_ path: FieldPath, _ value: Value) throws(StoreError) -> String {
        let wrapped = path.segments.reversed().reduce(value) { Value.object([$1: $0]) }
        return arguments.bind(.jsonb(try PostgresJSON.encode(wrapped)))
    }

    private mutating func bind(json value: Value) throws(StoreError) -> String {
        arguments.bind(.jsonb(try PostgresJSON.encode(value)))
    }

    private mutating func bind(jsons values: [Value]) throws(StoreError) -> String {
        var encoded: [[UInt8]?] = []
        for value in values { encoded.append(try PostgresJSON.encode(value)) }
        return arguments.bind(.jsonbArray(encoded))
    }

    // MARK: - Leaves

    private mutating func exists(_ path: FieldPath) -> String {
        let value = value(path)
        return "(\(value) IS NOT NULL AND \(value) <> 'null'::jsonb)"
    }

    private mutating func equal(_ path: FieldPath, _ literal: Value) throws(StoreError) -> String {
        guard try literal.canBeStored() else { return "false" }
        switch literal {
        case .null: return "(\(exists(path))) IS NOT TRUE"
        // Containment would be true of more.
        case .array, .object: return "\(value(path)) = \(try bind(json: literal))"
        case .bool, .int, .double, .string, .instant: break
        }
        if let field = fields[path], let operand = operand(literal, of: field) { return "\(field.name) = \(operand)" }
        return "\(column) @> \(try document(path, literal))"
    }

    /// The literal as the field's own column compares it; nil when it is of another kind, or so long that the column
    /// holds too little.
    private mutating func operand(_ literal: Value, of field: PostgresFieldColumn) -> String? {
        switch (field.kind, literal) {
        case (.number, .int), (.number, .double): "\(arguments.bind(.text(number(literal))))::numeric"
        case (.instant, .instant(let instant)): arguments.bind(.int8(instant.millisecondsSinceEpoch))
        case (.string, .string(let text)):
            PostgresFieldColumn.isWhole(text) ? arguments.bind(.text(text)) : nil
        default: nil
        }
    }

    private func number(_ literal: Value) -> String {
        switch literal {
        case .int(let number): String(number)
        case .double(let number): PostgresJSON.digits(number)
        default: "0"
        }
    }

    private mutating func order(_ path: FieldPath, _ comparison: String, _ literal: Value) throws(StoreError) -> String
    {
        var (comparison, literal) = (comparison, literal)
        if case .string(let text) = literal, let nul = text.utf8.firstIndex(of: 0) {
            // No stored text has a NUL: one is less than this if it is not greater than what precedes the NUL.
            literal = .string(String(text[..<nul]))
            comparison = comparison.hasPrefix("<") ? "<=" : ">"
        }
        _ = try literal.canBeStored()
        if let field = fields[path], let operand = operand(literal, of: field) {
            return "\(field.name) \(comparison) \(operand)"
        }
        switch literal {
        case .int, .double:
            let value = value(path)
            return "(jsonb_typeof(\(value)) = 'number' AND \(value) \(comparison) \(try bind(json: literal)))"
        case .instant(let instant):
            // Only an instant has a key of this name.
            let milliseconds = Value.int(instant.millisecondsSinceEpoch)
            return "\(value(path)) -> '$instant' \(comparison) \(try bind(json: milliseconds))"
        case .string(let text):
            let kind = "jsonb_typeof(\(value(path))) = 'string'"
            return "(\(kind) AND \(self.text(path)) COLLATE \"C\" \(comparison) \(arguments.bind(.text(text))))"
        case .null, .bool, .array, .object: return "false"
        }
    }

    private mutating func any(_ path: FieldPath, _ literals: [Value]) throws(StoreError) -> String {
        var kept: [Value] = []
        var parts: [String] = []
        for literal in literals where try literal.canBeStored() {
            if case .null = literal {
                parts.append("(\(exists(path))) IS NOT TRUE")
            } else {
                kept.append(literal)
            }
        }
        if kept.count == 1 {
            parts.append(try equal(path, kept[0]))
        } else if !kept.isEmpty {
            if let field = fields[path], let operands = operands(kept, of: field) {
                parts.append("\(field.name) = ANY (\(operands))")
            } else {
                parts.append("\(value(path)) = ANY (\(try bind(jsons: kept)))")
            }
        }
        return parts.isEmpty ? "false" : parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " OR ")))"
    }

    private mutating func operands(_ literals: [Value], of field: PostgresFieldColumn) -> String? {
        var texts: [String] = []
        var instants: [Int64] = []
        for literal in literals {
            switch (field.kind, literal) {
            case (.number, .int), (.number, .double): texts.append(number(literal))
            case (.instant, .instant(let instant)): instants.append(instant.millisecondsSinceEpoch)
            case (.string, .string(let text)) where PostgresFieldColumn.isWhole(text): texts.append(text)
            default: return nil
            }
        }
        switch field.kind {
        case .number: return "\(arguments.bind(.textArray(texts)))::numeric[]"
        case .instant: return arguments.bind(.int8Array(instants))
        case .string: return arguments.bind(.textArray(texts))
        }
    }

    /// A list of so many operands is asked one by one, each of which an index may answer.
    private static let mostSeparateOperands = 16

    private mutating func containsAny(_ path: FieldPath, _ literals: [Value]) throws(StoreError) -> String {
        var kept: [Value] = []
        for literal in literals where try literal.canBeStored() { kept.append(literal) }
        if kept.isEmpty { return "false" }
        if kept.count <= Self.mostSeparateOperands, kept.allSatisfy(\.isScalar) {
            var parts: [String] = []
            for literal in kept { parts.append("\(column) @> \(try document(path, .array([literal])))") }
            return parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " OR ")))"
        }
        return "\(elements(path)) = ANY (\(try bind(jsons: kept))))"
    }

    private mutating func containsAll(_ path: FieldPath, _ literals: [Value]) throws(StoreError) -> String {
        if literals.isEmpty { return "true" }
        for literal in literals where try !literal.canBeStored() { return "false" }
        if literals.allSatisfy(\.isScalar) { return "\(column) @> \(try document(path, .array(literals)))" }
        var parts: [String] = []
        for literal in literals { parts.append("\(elements(path)) = \(try bind(json: literal)))") }
        return "(\(parts.joined(separator: " AND ")))"
    }

    /// The beginning of a condition on the elements of an array; lacks the comparison and a parenthesis.
    private mutating func elements(_ path: FieldPath) -> String {
        let value = value(path)
        return "EXISTS (SELECT FROM jsonb_array_elements("
            + "CASE jsonb_typeof(\(value)) WHEN 'array' THEN \(value) ELSE '[]'::jsonb END) AS e (value) WHERE e.value"
    }

    private mutating func starts(_ path: FieldPath, _ prefix: String) throws(StoreError) -> String {
        if prefix.utf8.contains(0) { return "false" }
        if let field = fields[path], let operand = operand(.string(prefix), of: field) {
            return "\(field.name) ^@ \(operand)"
        }
        let kind = "jsonb_typeof(\(value(path))) = 'string'"
        return "(\(kind) AND starts_with(\(text(path)) COLLATE \"C\", \(arguments.bind(.text(prefix)))))"
    }
}

extension Value {
    fileprivate var isScalar: Bool {
        switch self {
        case .null, .bool, .int, .double, .string, .instant: true
        case .array, .object: false
        }
    }

    /// Whether a row can hold this value; one that none can hold equals nothing.
    ///
    /// - Throws: `invalidArgument` for a number that is not finite.
    fileprivate func canBeStored() throws(StoreError) -> Bool {
        switch self {
        case .string(let text): return !text.utf8.contains(0)
        case .double(let number):
            guard number.isFinite else { throw .invalidArgument("filter: a number is not finite") }
            return true
        default: return true
        }
    }
}
