#if HTTP
import StoresCore
import StoresHTTP

/// Records as Qdrant keeps them.
///
/// A point has the vector `dense`, the sparse vector `text` when it has a document with words, and the payload
///
/// | key | value |
/// |---|---|
/// | `id` | the id as it was given; the point's own is a UUID of it |
/// | `namespace` | the tenant |
/// | `document` | the text, if there is one |
/// | `metadata` | the metadata; instants as RFC 3339 texts |
/// | `_stores_metadata` | the metadata as JSON, exactly, where the above is not: with an instant, or a double, which \
/// Qdrant reads to within the last place |
/// | `_stores_terms`, `_stores_o0_…` | terms and orders of ``FilterTerms`` |
enum QdrantCodec {
    static let vectorName = "dense"
    static let textName = "text"
    static let namespaceKey = "namespace"
    static let prefix = "_stores_"
    static let termsKey = "_stores_terms"

    // MARK: Writing

    /// The body of an upsert.
    static func upsert(_ records: ArraySlice<VectorRecord>, namespace: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(records.reduce(256) { $0 + $1.vector.count * 12 + 768 })
        writer.raw("{\"points\":")
        writer.list(records) { append($1, namespace, to: &$0) }
        writer.raw("}")
        return writer.finish()
    }

    private static func append(_ record: VectorRecord, _ namespace: String, to writer: inout JSONWriter) {
        writer.raw("{\"id\":")
        writer.append(QdrantName.point(record.id, namespace: namespace))
        writer.raw(",\"vector\":{\"dense\":")
        writer.append(record.vector)
        if let document = record.document, let text = QdrantText.document(document) {
            writer.raw(",\"text\":")
            text.append(to: &writer)
        }
        writer.raw("},\"payload\":{\"id\":")
        writer.append(record.id)
        writer.raw(",\"namespace\":")
        writer.append(namespace)
        if let document = record.document {
            writer.raw(",\"document\":")
            writer.append(document)
        }
        writer.raw(",\"metadata\":")
        if record.metadata.values.allSatisfy(isExact) {
            writer.append(record.metadata)
        } else {
            writer.append(natural(.object(record.metadata)))
            writer.raw(",\"_stores_metadata\":")
            writer.append(Value.object(record.metadata).json)
        }
        guard !record.metadata.isEmpty else { return writer.raw("}}") }
        let terms = FilterTerms(record.metadata)
        writer.raw(",\"_stores_terms\":")
        writer.append(terms.terms)
        for order in terms.orders {
            writer.raw(",")
            writer.append(prefix + order.key)
            writer.raw(":")
            append(order.value, to: &writer)
        }
        writer.raw("}}")
    }

    /// A double such that readers that are exact for whole numbers alone, as serde_json is by default, read it exactly
    /// when it is one: with all of its digits, and as a fraction, so that the field keeps one type.
    static func append(_ value: Double, to writer: inout JSONWriter) {
        if let whole = Int(exactly: value) {
            writer.append(whole)
            writer.raw(value.magnitude < 0x1p53 ? ".0" : "e0")
        } else {
            writer.append(.double(value))
        }
    }

    /// Whether Qdrant gives back what it was given.
    private static func isExact(_ value: Value) -> Bool {
        switch value {
        case .null, .bool, .int, .string: true
        case .double, .instant: false
        case .array(let values): values.allSatisfy(isExact)
        case .object(let fields): fields.values.allSatisfy(isExact)
        }
    }

    private static func natural(_ value: Value) -> Value {
        switch value {
        case .instant(let instant): .string(instant.description)
        case .array(let values): .array(values.map(natural))
        case .object(let fields): .object(fields.mapValues(natural))
        default: value
        }
    }

    // MARK: Reading

    /// `with_payload` and `with_vector` of a read.
    static func appendSelection(_ include: VectorInclude, to writer: inout JSONWriter) {
        var keys = ["id"]
        if include.contains(.metadata) { keys += ["metadata", "_stores_metadata"] }
        if include.contains(.document) { keys.append("document") }
        writer.raw("\"with_payload\":")
        writer.append(keys)
        writer.raw(",\"with_vector\":")
        if include.contains(.vector) { writer.append([vectorName]) } else { writer.raw("false") }
    }

    /// A point of a reply, and its score if it has one.
    static func point(_ pull: inout JSONPull) throws(StoreError) -> (record: StoredVectorRecord, score: Double?) {
        var id: String?
        var record = StoredVectorRecord(id: "")
        var score: Double?
        var isExact = false
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "payload":
                if pull.takeNull() { return }
                try pull.object { pull, key throws(StoreError) in
                    switch key {
                    case "id": id = try pull.string()
                    case "document": record.document = try pull.string()
                    case "metadata" where !isExact:
                        if case .object(let fields) = try pull.value() { record.metadata = fields }
                    case "_stores_metadata":
                        guard case .object(let fields)? = try? JSONReader.value(from: try pull.string()) else {
                            throw pull.error("metadata that was not written here")
                        }
                        record.metadata = fields
                        isExact = true
                    default: try pull.skip()
                    }
                }
            case "vector":
                if pull.takeNull() { return }
                try pull.object { pull, key throws(StoreError) in
                    if key == vectorName { record.vector = try pull.floats() } else { try pull.skip() }
                }
            case "score": score = try pull.double()
            default: try pull.skip()
            }
        }
        guard let id else { throw pull.error("a point without the id in its payload: another application's") }
        record.id = id
        return (record, score)
    }
}
#endif
