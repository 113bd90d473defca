public import StoresCore

extension StoresPostgres {
    /// The condition that a filter becomes, with its parameters in place, for people to read; what runs has bound
    /// parameters.
    public static func nativeQuery(for filter: Filter) throws(StoreError) -> String {
        var arguments = PostgresArguments()
        let condition = try PostgresFilter.condition(filter, column: "metadata", &arguments)
        var text = ""
        var rest = condition[...]
        while let mark = rest.firstIndex(of: "$") {
            text += rest[..<mark]
            rest = rest[rest.index(after: mark)...]
            let digits = rest.prefix { $0.isNumber }
            guard let number = Int(digits), arguments.values.indices.contains(number - 1) else {
                text += "$"
                continue
            }
            rest = rest.dropFirst(digits.count)
            text += arguments.values[number - 1].literal
        }
        return text + rest
    }
}

extension PostgresParameter {
    /// For people to read.
    fileprivate var literal: String {
        switch self {
        case .text(let text?): PostgresLiteral.quoted(text)
        case .jsonb(let json?): PostgresLiteral.quoted(String(decoding: json, as: UTF8.self)) + "::jsonb"
        case .int8(let number?): String(number)
        case .jsonbArray(let values):
            "ARRAY["
                + values.map { PostgresLiteral.quoted(String(decoding: $0 ?? [], as: UTF8.self)) }
                .joined(separator: ", ") + "]::jsonb[]"
        case .textArray(let values):
            "ARRAY[" + values.map { PostgresLiteral.quoted($0 ?? "") }.joined(separator: ", ") + "]"
        default: "?"
        }
    }
}
