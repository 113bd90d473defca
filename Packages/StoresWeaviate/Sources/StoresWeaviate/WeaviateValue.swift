#if HTTP
import StoresCore
import StoresHTTP

/// An argument of a query, in either of the notations in which Weaviate takes it: GraphQL, whose names and words stand
/// bare, and JSON, where they are strings.
///
/// Data is never syntax: names and words come from the source of this adapter alone, and texts are written as JSON
/// strings, which GraphQL reads too (October 2021, section 2.9.4): quotes, backslashes and control characters are
/// escaped, everything else stands for itself.
indirect enum WeaviateValue: Sendable {
    case text(String)
    case texts([String])
    case whole(Int)
    case number(Double)
    case bool(Bool)
    case floats([Float])
    /// A value of an enumeration, such as an operator.
    case word(StaticString)
    case list([WeaviateValue])
    case object([(name: StaticString, value: WeaviateValue)])

    enum Notation {
        case graphQL, json
    }

    func append(to writer: inout JSONWriter, as notation: Notation) {
        switch self {
        case .text(let text): writer.append(text)
        case .texts(let texts): writer.append(texts)
        case .whole(let number): writer.append(number)
        case .number(let number): writer.append(.double(number))
        case .bool(let value): writer.append(.bool(value))
        case .floats(let values): writer.append(values)
        case .word(let word): Self.append(word, to: &writer, as: notation)
        case .list(let values): writer.list(values) { $1.append(to: &$0, as: notation) }
        case .object(let fields):
            writer.raw("{")
            Self.append(fields, to: &writer, as: notation)
            writer.raw("}")
        }
    }

    /// The fields of an object without its braces: what stands between the parentheses of a GraphQL field.
    static func append(
        _ fields: [(name: StaticString, value: WeaviateValue)], to writer: inout JSONWriter, as notation: Notation
    ) {
        for (index, field) in fields.enumerated() {
            if index > 0 { writer.raw(",") }
            append(field.name, to: &writer, as: notation)
            writer.raw(":")
            field.value.append(to: &writer, as: notation)
        }
    }

    private static func append(_ word: StaticString, to writer: inout JSONWriter, as notation: Notation) {
        guard notation == .json else { return writer.raw(word) }
        writer.raw("\"")
        writer.raw(word)
        writer.raw("\"")
    }
}
#endif
