/// The text form: what ``Filter/init(parsing:)`` reads. Every valid filter reads back as itself.
extension Filter: CustomStringConvertible {
    public var description: String {
        var text = ""
        write(into: &text)
        return text
    }

    private func write(into text: inout String) {
        switch self {
        case .equal(let path, let value): text += "\(path) = \(Self.text(value))"
        case .notEqual(let path, let value): text += "\(path) != \(Self.text(value))"
        case .less(let path, let value): text += "\(path) < \(Self.text(value))"
        case .lessOrEqual(let path, let value): text += "\(path) <= \(Self.text(value))"
        case .greater(let path, let value): text += "\(path) > \(Self.text(value))"
        case .greaterOrEqual(let path, let value): text += "\(path) >= \(Self.text(value))"
        case .in(let path, let values): text += "\(path) IN \(Self.list(values))"
        case .notIn(let path, let values): text += "\(path) NOT IN \(Self.list(values))"
        case .contains(let path, let value): text += "\(path) CONTAINS \(Self.text(value))"
        case .containsAny(let path, let values): text += "\(path) CONTAINS ANY \(Self.list(values))"
        case .containsAll(let path, let values): text += "\(path) CONTAINS ALL \(Self.list(values))"
        case .startsWith(let path, let prefix): text += "\(path) STARTS WITH \(Self.quoted(prefix))"
        case .isNull(let path): text += "\(path) IS NULL"
        case .exists(let path): text += "\(path) EXISTS"
        case .and(let filters): Self.write(filters, joinedBy: "AND", whenEmpty: "TRUE", into: &text)
        case .or(let filters): Self.write(filters, joinedBy: "OR", whenEmpty: "FALSE", into: &text)
        case .not(let filter):
            text += "NOT "
            if filter.isConstant { return filter.write(into: &text) }
            text += "("
            filter.write(into: &text)
            text += ")"
        }
    }

    /// A list of one child is written in front of it, `AND (a = 1)`, to be told from the child alone.
    private static func write(
        _ filters: [Filter], joinedBy keyword: String, whenEmpty constant: String, into text: inout String
    ) {
        if filters.isEmpty { return text += constant }
        if filters.count == 1 {
            text += keyword + " ("
            filters[0].write(into: &text)
            text += ")"
            return
        }
        for (index, filter) in filters.enumerated() {
            if index > 0 { text += " \(keyword) " }
            if filter.isChain { text += "(" }
            filter.write(into: &text)
            if filter.isChain { text += ")" }
        }
    }

    private var isConstant: Bool {
        switch self {
        case .and(let filters), .or(let filters): filters.isEmpty
        default: false
        }
    }

    private var isChain: Bool {
        switch self {
        case .and(let filters), .or(let filters): filters.count > 1
        default: false
        }
    }

    private static func list(_ values: [Value]) -> String {
        "(" + values.map(text).joined(separator: ", ") + ")"
    }

    private static func text(_ value: Value) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .instant(let instant): "instant '\(instant)'"
        case .bool(let value): value ? "TRUE" : "FALSE"
        case .null: "NULL"
        case .int(let value): String(value)
        case .double(let value): value.description
        case .array, .object: value.json
        }
    }

    // Scalar by scalar: a quote with a combining mark after it is no `Character` of its own.
    private static func quoted(_ string: String) -> String {
        var text = "'"
        for scalar in string.unicodeScalars {
            if scalar == "'" { text.unicodeScalars.append("'") }
            text.unicodeScalars.append(scalar)
        }
        text.unicodeScalars.append("'")
        return text
    }
}
