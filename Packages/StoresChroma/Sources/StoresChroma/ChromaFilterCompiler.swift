#if HTTP
import StoresCore
import StoresHTTP

/// A filter in Chroma's `where`.
///
/// A value that stands under its field's own name is looked for there, see ``ChromaValue``, anything else among the
/// terms and orders.
///
/// Chroma wants exactly one field and one operator in an object, refuses an empty list, and has neither `not` nor
/// `exists`; `$not_contains` and `$ne` are true of a record without the field. Its parser gives up past 128 levels, and
/// SQLite past an expression of 1,000: long lists are cut into groups.
enum ChromaFilterCompiler {
    /// A condition that every record meets.
    static let everything = "{\"_stores_none\":{\"$ne\":\"\"}}"
    private static let group = 32

    /// Writes a filter for a request: what it is of a record without metadata is decided by the record's place, as
    /// ``ChromaCodec/place(of:)`` says.
    static func appendWhole(_ filter: TermFilter, to writer: inout JSONWriter) {
        guard filter != .everything else { return append(filter, to: &writer) }
        let isTrueOfNothing = filter.matches(FilterTerms([:]))
        writer.raw(isTrueOfNothing ? "{\"$or\":" : "{\"$and\":")
        writer.raw("[{\"_stores_place\":{")
        writer.raw(isTrueOfNothing ? "\"$lt\":" : "\"$gte\":")
        writer.append(ChromaCodec.firstWithTerms)
        writer.raw("}},")
        append(filter, to: &writer)
        writer.raw("]}")
    }

    /// Writes a filter, or a part of one.
    static func append(_ filter: TermFilter, to writer: inout JSONWriter) {
        switch filter {
        case .everything: writer.bytes += everything.utf8
        case .nothing: writer.raw("{\"_stores_none\":{\"$eq\":\"\"}}")
        case .hasAny(let terms):
            combine(parts(terms)[...], "$or", &writer) { append($1, isNegated: false, to: &$0) }
        case .hasNone(let terms):
            combine(parts(terms)[...], "$and", &writer) { append($1, isNegated: true, to: &$0) }
        case .order(let key, let comparison, let bound):
            writer.raw("{")
            writer.append(ChromaCodec.prefix + key)
            writer.raw(":{")
            writer.append(symbol(comparison))
            writer.raw(":")
            writer.append(Int(bound.sortableBits))
            writer.raw("}}")
        case .and(let parts): combine(parts[...], "$and", &writer) { append($1, to: &$0) }
        case .or(let parts): combine(parts[...], "$or", &writer) { append($1, to: &$0) }
        }
    }

    static func json(_ filter: TermFilter) -> String {
        var writer = JSONWriter()
        append(filter, to: &writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    /// What is asked of a record's terms, or of the values of a field that has its own name.
    private enum Part {
        case term(String)
        /// Of one kind.
        case values(name: String, kind: String, [Value])
    }

    private static func parts(_ terms: [String]) -> [Part] {
        var parts: [Part] = []
        var places: [IDKey: Int] = [:]
        for term in terms {
            guard let own = ChromaValue(term: term) else {
                parts.append(.term(term))
                continue
            }
            if own.mayHaveTerm { parts.append(.term(term)) }
            let kind = own.kind
            if let place = places[IDKey(kind)], case .values(let name, _, let values) = parts[place] {
                parts[place] = .values(name: name, kind: kind, values + [own.value])
            } else {
                places[IDKey(kind)] = parts.count
                parts.append(.values(name: own.name, kind: kind, [own.value]))
            }
        }
        return parts
    }

    private static func append(_ part: Part, isNegated: Bool, to writer: inout JSONWriter) {
        switch part {
        case .term(let term): test(term, isNegated ? "$not_contains" : "$contains", &writer)
        case .values(let name, let kind, let values):
            writer.raw(isNegated ? "{\"$or\":[" : "{\"$and\":[")
            test(kind, isNegated ? "$not_contains" : "$contains", &writer)
            writer.raw(",{")
            writer.append(name)
            if values.count == 1 {
                writer.raw(isNegated ? ":{\"$ne\":" : ":{\"$eq\":")
                writer.append(values[0])
            } else {
                writer.raw(isNegated ? ":{\"$nin\":" : ":{\"$in\":")
                writer.list(values) { $0.append($1) }
            }
            writer.raw("}}]}")
        }
    }

    private static func test(_ term: String, _ symbol: String, _ writer: inout JSONWriter) {
        writer.raw("{")
        writer.append(ChromaCodec.termsKey)
        writer.raw(":{")
        writer.append(symbol)
        writer.raw(":")
        writer.append(term)
        writer.raw("}}")
    }

    private static func combine<T>(
        _ parts: ArraySlice<T>, _ symbol: String, _ writer: inout JSONWriter, _ write: (inout JSONWriter, T) -> Void
    ) {
        if parts.count == 1, let part = parts.first { return write(&writer, part) }
        writer.raw("{")
        writer.append(symbol)
        writer.raw(":")
        if parts.count <= group {
            writer.list(parts) { write(&$0, $1) }
        } else {
            let size = max(group, (parts.count + group - 1) / group)
            let starts = stride(from: parts.startIndex, to: parts.endIndex, by: size)
            writer.list(starts) { writer, start in
                combine(parts[start..<min(start + size, parts.endIndex)], symbol, &writer, write)
            }
        }
        writer.raw("}")
    }

    private static func symbol(_ comparison: TermFilter.Comparison) -> String {
        switch comparison {
        case .less: "$lt"
        case .lessOrEqual: "$lte"
        case .equal: "$eq"
        case .greaterOrEqual: "$gte"
        case .greater: "$gt"
        }
    }
}
#endif
