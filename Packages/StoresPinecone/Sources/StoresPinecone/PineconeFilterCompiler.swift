#if HTTP
import StoresCore
import StoresHTTP

/// A filter in Pinecone's language (docs.pinecone.io, "Filter by metadata").
///
/// All conditions are on the terms and orders that ``PineconeCodec`` stores. `$in` on a list of strings is true when
/// one of its elements is in, `$nin` when none is; every record has the list, so that a missing field never decides.
/// There is no `$not`, and none is needed.
enum PineconeFilterCompiler {
    static func append(_ filter: TermFilter, to writer: inout JSONWriter) {
        switch filter {
        case .everything: term("$exists", &writer) { $0.append(.bool(true)) }
        case .nothing: term("$exists", &writer) { $0.append(.bool(false)) }
        case .hasAny(let terms): term("$in", &writer) { $0.append(terms) }
        case .hasNone(let terms): term("$nin", &writer) { $0.append(terms) }
        case .order(let key, let comparison, let bound):
            condition(PineconeCodec.prefix + key, word(comparison), &writer) { $0.append(.double(bound)) }
        case .and(let parts): list("$and", parts, &writer)
        case .or(let parts): list("$or", parts, &writer)
        }
    }

    static func json(_ filter: TermFilter) -> String {
        var writer = JSONWriter()
        append(filter, to: &writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private static func word(_ comparison: TermFilter.Comparison) -> String {
        switch comparison {
        case .less: "$lt"
        case .lessOrEqual: "$lte"
        case .equal: "$eq"
        case .greaterOrEqual: "$gte"
        case .greater: "$gt"
        }
    }

    private static func term(_ word: String, _ writer: inout JSONWriter, _ value: (inout JSONWriter) -> Void) {
        condition(PineconeCodec.termsKey, word, &writer, value)
    }

    private static func condition(
        _ key: String, _ word: String, _ writer: inout JSONWriter, _ value: (inout JSONWriter) -> Void
    ) {
        writer.raw("{")
        writer.append(key)
        writer.raw(":{")
        writer.append(word)
        writer.raw(":")
        value(&writer)
        writer.raw("}}")
    }

    private static func list(_ word: String, _ parts: [TermFilter], _ writer: inout JSONWriter) {
        writer.raw("{")
        writer.append(word)
        writer.raw(":")
        writer.list(parts) { append($1, to: &$0) }
        writer.raw("}")
    }
}
#endif
