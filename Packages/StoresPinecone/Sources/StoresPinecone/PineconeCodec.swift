#if HTTP
import StoresCore
import StoresHTTP

/// Records as Pinecone keeps them.
///
/// A metadata field whose value Pinecone can hold stands under its own name: strings, numbers, bools, lists of
/// strings; instants as RFC 3339 texts. That is for other clients; numbers there are doubles. What this adapter reads
/// and filters by are
///
/// | key | value |
/// |---|---|
/// | `_stores_id` | the id as it was given, where Pinecone's is a hash of it |
/// | `_stores_document` | the text, if there is one |
/// | `_stores_metadata` | the metadata as JSON, exactly |
/// | `_stores_terms` | the terms of ``FilterTerms``, and `*`, so that the list is never empty |
/// | `_stores_o0_…` | its orders |
/// | `_stores_zero` | that the vector is all zeros: Pinecone takes none, and has a tiny one instead |
enum PineconeCodec {
    static let prefix = "_stores_"
    static let termsKey = "_stores_terms"
    /// docs.pinecone.io, "Pinecone Database limits": 40 KB of metadata in a record.
    static let maxMetadataBytes = 40_960

    // MARK: Writing

    /// What stands for zero in a vector of zeros: no similarity shows it.
    private static let tiny: Float = 1e-30

    /// A record as JSON.
    ///
    /// - Throws: What Pinecone would refuse the whole request for: metadata that are too long.
    static func record(_ record: VectorRecord) throws(StoreError) -> [UInt8] {
        let isZero = record.vector.allSatisfy { $0 == 0 }
        let fields = metadata(record, isZero: isZero)
        guard fields.count <= maxMetadataBytes else {
            throw StoreError(
                .tooLarge,
                "the record's metadata and document take \(fields.count) bytes in Pinecone, which holds "
                    + "\(maxMetadataBytes)",
                remedy: "keep the document elsewhere, and its name here", resource: record.id, applied: .no)
        }
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(record.vector.count * 12 + fields.count + 64)
        writer.raw("{\"id\":")
        writer.append(PineconeName.record(record.id))
        writer.raw(",\"values\":")
        writer.append(isZero ? record.vector.map { _ in tiny } : record.vector)
        writer.raw(",\"metadata\":")
        writer.bytes += fields
        writer.raw("}")
        return writer.finish()
    }

    private static func metadata(_ record: VectorRecord, isZero: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"_stores_metadata\":")
        writer.append(Value.object(record.metadata).json)
        let id = PineconeName.record(record.id)
        if !id.utf8.elementsEqual(record.id.utf8) {
            writer.raw(",\"_stores_id\":")
            writer.append(record.id)
        }
        if let document = record.document {
            writer.raw(",\"_stores_document\":")
            writer.append(document)
        }
        if isZero { writer.raw(",\"_stores_zero\":true") }
        let terms = FilterTerms(record.metadata)
        writer.raw(",\"_stores_terms\":")
        writer.append(["*"] + terms.terms)
        for order in terms.orders {
            writer.raw(",")
            writer.append(prefix + order.key)
            writer.raw(":")
            writer.append(.double(order.value))
        }
        for (key, value) in record.metadata {
            guard let natural = natural(key, value) else { continue }
            writer.raw(",")
            writer.append(key)
            writer.raw(":")
            writer.append(natural)
        }
        writer.raw("}")
        return writer.finish()
    }

    /// The value under which other clients see a field; nil for what Pinecone has no place for.
    static func natural(_ key: String, _ value: Value) -> Value? {
        guard !key.isEmpty, !key.hasPrefix("$"), !key.hasPrefix(prefix) else { return nil }
        switch value {
        case .bool, .int, .double, .string: return value
        case .instant(let instant): return .string(instant.description)
        case .null, .object: return nil
        case .array(let elements):
            let isOfStrings = elements.allSatisfy { if case .string = $0 { true } else { false } }
            guard !elements.isEmpty, isOfStrings else { return nil }
            return value
        }
    }

    // MARK: Reading

    /// A record of a reply, `{"id":…,"score":…,"values":[…],"metadata":{…}}`, and its score if it has one. One that
    /// another client wrote has its metadata as they are.
    static func record(_ pull: inout JSONPull, include: VectorInclude) throws(StoreError)
        -> (record: StoredVectorRecord, score: Double?)
    {
        var record = StoredVectorRecord(id: "")
        var fields = Fields()
        var score: Double?
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "id": record.id = try pull.string()
            case "score": score = try pull.double()
            case "values" where include.contains(.vector):
                record.vector = try pull.optional { pull throws(StoreError) in try pull.floats() }
            case "metadata":
                if pull.takeNull() { return }
                fields = try Fields(&pull, include)
            default: try pull.skip()
            }
        }
        if let id = fields.id { record.id = id }
        guard !record.id.isEmpty else { throw pull.error("a record without id") }
        record.metadata = fields.metadata
        record.document = fields.document
        if fields.isZero, let vector = record.vector { record.vector = vector.map { _ in 0 } }
        return (record, score)
    }

    /// A record's metadata as they come: what is not asked for is not read.
    private struct Fields {
        var id: String?
        var document: String?
        var metadata: Metadata = [:]
        var isZero = false

        init() {}

        init(_ pull: inout JSONPull, _ include: VectorInclude) throws(StoreError) {
            var exact: Metadata?
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "_stores_id": id = try pull.string()
                case "_stores_zero": isZero = try pull.bool()
                case "_stores_document" where include.contains(.document): document = try pull.string()
                case "_stores_metadata" where include.contains(.metadata):
                    guard case .object(let fields)? = try? JSONReader.value(from: try pull.string()) else {
                        throw pull.error("metadata that was not written here")
                    }
                    exact = fields
                case _ where key.hasPrefix(prefix): try pull.skip()
                case _ where include.contains(.metadata): metadata[key] = try pull.value()
                default: try pull.skip()
                }
            }
            if let exact { metadata = exact }
        }
    }
}
#endif
