#if HTTP
import StoresCore
import StoresHTTP

/// A filter in Qdrant's language.
///
/// All conditions are on the terms and orders that ``QdrantCodec`` stores, so that missing fields, nulls, kinds and
/// large numbers mean what they mean everywhere; one keyword index serves every field.
enum QdrantFilterCompiler {
    /// `{"must":[…]}` with the namespace, and the filter if it says anything.
    static func append(_ filter: TermFilter, namespace: String, to writer: inout JSONWriter) {
        writer.raw("{\"must\":[{\"key\":\"namespace\",\"match\":{\"value\":")
        writer.append(namespace)
        writer.raw("}}")
        if filter != .everything {
            writer.raw(",")
            append(filter, to: &writer)
        }
        writer.raw("]}")
    }

    /// A condition: of a field, or a filter in a filter.
    private static func append(_ filter: TermFilter, to writer: inout JSONWriter) {
        switch filter {
        case .everything: writer.raw("{\"must\":[]}")
        case .nothing: writer.raw("{\"has_id\":[]}")
        case .hasAny(let terms): match(terms, &writer)
        case .hasNone(let terms):
            writer.raw("{\"must_not\":[")
            match(terms, &writer)
            writer.raw("]}")
        case .order(let key, let comparison, let bound): range(key, comparison, bound, &writer)
        case .and(let parts):
            writer.raw("{\"must\":")
            writer.list(parts) { append($1, to: &$0) }
            writer.raw("}")
        case .or(let parts):
            writer.raw("{\"should\":")
            writer.list(parts) { append($1, to: &$0) }
            writer.raw("}")
        }
    }

    static func json(_ filter: TermFilter, namespace: String) -> String {
        var writer = JSONWriter()
        append(filter, namespace: namespace, to: &writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private static func match(_ terms: [String], _ writer: inout JSONWriter) {
        writer.raw("{\"key\":\"_stores_terms\",\"match\":")
        if terms.count == 1 {
            writer.raw("{\"value\":")
            writer.append(terms[0])
        } else {
            writer.raw("{\"any\":")
            writer.append(terms)
        }
        writer.raw("}}")
    }

    private static func range(
        _ key: String, _ comparison: TermFilter.Comparison, _ bound: Double, _ writer: inout JSONWriter
    ) {
        writer.raw("{\"key\":")
        writer.append(QdrantCodec.prefix + key)
        writer.raw(",\"range\":{")
        switch comparison {
        case .less: writer.raw("\"lt\":")
        case .lessOrEqual: writer.raw("\"lte\":")
        case .greaterOrEqual: writer.raw("\"gte\":")
        case .greater: writer.raw("\"gt\":")
        case .equal:
            writer.raw("\"gte\":")
            QdrantCodec.append(bound, to: &writer)
            writer.raw(",\"lte\":")
        }
        QdrantCodec.append(bound, to: &writer)
        writer.raw("}}")
    }
}
#endif
