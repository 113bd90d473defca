#if HTTP
import StoresCore
import StoresHTTP

/// A filter in Chroma's `where`.
///
/// Chroma wants exactly one field and one operator in an object, refuses an empty list, and has neither `not` nor
/// `exists`; `$not_contains` is true of a record without the field. Its parser gives up past 128 levels, and SQLite
/// past an expression of 1,000: long lists are cut into groups.
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
            combine(terms[...], "$or", &writer) { test($1, "$contains", &$0) }
        case .hasNone(let terms):
            combine(terms[...], "$and", &writer) { test($1, "$not_contains", &$0) }
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
