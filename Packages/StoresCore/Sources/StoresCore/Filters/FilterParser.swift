extension Filter {
    /// Reads the text form.
    ///
    /// ```
    /// section = 'libs' AND (installedKiB > 100 OR NOT (tags CONTAINS ANY ('c++', 'go')))
    /// ```
    ///
    /// - Comparisons: `=` `!=` `<` `<=` `>` `>=`, `IN (…)`, `NOT IN (…)`, `CONTAINS v`, `CONTAINS ANY (…)`,
    ///   `CONTAINS ALL (…)`, `STARTS WITH 'text'`, `IS NULL`, `EXISTS` (the same: `IS NOT NULL`).
    /// - Values: `'text'` with `''` for a quote, `12`, `1.5`, `true`, `false`, `instant '2026-01-01T00:00:00Z'`.
    /// - Fields: `section`, `author.name`, and in double quotes what is no identifier: `"a key".name`.
    /// - `NOT` binds tighter than `AND`, that tighter than `OR`. `TRUE` is the empty `and`, `FALSE` the empty `or`;
    ///   `AND (x)` and `OR (x)` are those of one child. Keywords may be in either case.
    ///
    /// - Throws: `invalidArgument` with the column, counted in Unicode scalars from 1, and what was expected there.
    public init(parsing text: String) throws(StoreError) {
        var parser = try FilterParser(text)
        self = try parser.filter()
    }
}

/// A parser by recursive descent, whose recursion is bounded.
private struct FilterParser {
    private static let maxNesting = 200

    private let lexer: FilterLexer
    private let tokens: [FilterToken]
    private var index = 0
    private var nesting = 0

    init(_ text: String) throws(StoreError) {
        var lexer = FilterLexer(text)
        tokens = try lexer.tokens()
        self.lexer = lexer
    }

    mutating func filter() throws(StoreError) -> Filter {
        let filter = try disjunction()
        guard kind == .end else { throw expected("AND, OR or the end") }
        return filter
    }

    // The last token is always `.end`, and it is never passed.
    private var kind: FilterToken.Kind { tokens[index].kind }

    private func expected(_ what: String) -> StoreError {
        lexer.error(at: tokens[index].range.lowerBound, what)
    }

    private mutating func take(_ wanted: FilterToken.Kind) -> Bool {
        guard kind == wanted, kind != .end else { return false }
        index += 1
        return true
    }

    private mutating func take(_ keyword: FilterKeyword) -> Bool { take(.keyword(keyword)) }

    private mutating func require(_ symbol: String, _ what: String) throws(StoreError) {
        guard take(.symbol(symbol)) else { throw expected(what) }
    }

    private mutating func disjunction() throws(StoreError) -> Filter {
        let first = try conjunction()
        guard kind == .keyword(.or) else { return first }
        var filters = [first]
        while take(.or) { filters.append(try conjunction()) }
        return .or(filters)
    }

    private mutating func conjunction() throws(StoreError) -> Filter {
        let first = try condition()
        guard kind == .keyword(.and) else { return first }
        var filters = [first]
        while take(.and) { filters.append(try condition()) }
        return .and(filters)
    }

    private mutating func condition() throws(StoreError) -> Filter {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.maxNesting else {
            throw expected("at most \(Self.maxNesting) nested parentheses and NOTs")
        }
        switch kind {
        case .keyword(.not):
            index += 1
            return .not(try condition())
        case .keyword(.true):
            index += 1
            return .and([])
        case .keyword(.false):
            index += 1
            return .or([])
        case .keyword(.and):
            index += 1
            return .and([try parenthesised()])
        case .keyword(.or):
            index += 1
            return .or([try parenthesised()])
        case .symbol("("): return try parenthesised()
        default: return try comparison(try path())
        }
    }

    private mutating func parenthesised() throws(StoreError) -> Filter {
        try require("(", "'('")
        let filter = try disjunction()
        try require(")", "AND, OR or ')'")
        return filter
    }

    private mutating func path() throws(StoreError) -> FieldPath {
        var segments: [String] = []
        repeat {
            switch kind {
            case .name(let name), .quotedName(let name): segments.append(name)
            case .keyword:
                throw expected(
                    segments.isEmpty
                        ? "a field or '(' (a field named like a keyword is written in double quotes)"
                        : "a field name (one named like a keyword is written in double quotes)")
            default: throw expected(segments.isEmpty ? "a field or '('" : "a field name after the dot")
            }
            index += 1
        } while take(.symbol("."))
        return FieldPath(segments)
    }

    private mutating func comparison(_ path: FieldPath) throws(StoreError) -> Filter {
        switch kind {
        case .symbol(let symbol):
            guard ["=", "!=", "<", "<=", ">", ">="].contains(symbol) else { break }
            index += 1
            let value = try literal()
            switch symbol {
            case "=": return .equal(path, value)
            case "!=": return .notEqual(path, value)
            case "<": return .less(path, value)
            case "<=": return .lessOrEqual(path, value)
            case ">": return .greater(path, value)
            default: return .greaterOrEqual(path, value)
            }
        case .keyword(.in):
            index += 1
            return .in(path, try list())
        case .keyword(.not):
            index += 1
            guard take(.in) else { throw expected("IN after NOT") }
            return .notIn(path, try list())
        case .keyword(.contains):
            index += 1
            if take(.any) { return .containsAny(path, try list()) }
            if take(.all) { return .containsAll(path, try list()) }
            return .contains(path, try literal())
        case .keyword(.starts):
            index += 1
            guard take(.with) else { throw expected("WITH after STARTS") }
            guard case .string(let prefix) = kind else { throw expected("a text in single quotes") }
            index += 1
            return .startsWith(path, prefix)
        case .keyword(.is):
            index += 1
            let isNegated = take(.not)
            guard take(.null) else { throw expected("NULL") }
            return isNegated ? .exists(path) : .isNull(path)
        case .keyword(.exists):
            index += 1
            return .exists(path)
        default: break
        }
        throw expected("an operator: = != < <= > >= IN, NOT IN, CONTAINS, STARTS WITH, IS NULL or EXISTS")
    }

    private mutating func list() throws(StoreError) -> [Value] {
        try require("(", "'(' before the values")
        if take(.symbol(")")) { return [] }
        var values = [try literal()]
        while take(.symbol(",")) { values.append(try literal()) }
        try require(")", "',' or ')'")
        return values
    }

    private mutating func literal() throws(StoreError) -> Value {
        let value: Value
        switch kind {
        case .string(let text): value = .string(text)
        case .int(let number): value = .int(number)
        case .double(let number): value = .double(number)
        case .keyword(.true): value = .bool(true)
        case .keyword(.false): value = .bool(false)
        case .keyword(.instant):
            index += 1
            guard case .string(let text) = kind, let instant = Timestamp(text) else {
                throw expected("a time like '2026-01-01T00:00:00Z' after instant")
            }
            value = .instant(instant)
        case .keyword(.null): throw expected("a value (null is tested with IS NULL and EXISTS)")
        case .name, .quotedName: throw expected("a value (texts are written in single quotes)")
        default: throw expected("a value: 'text', a number, true, false or instant '…'")
        }
        index += 1
        return value
    }
}
