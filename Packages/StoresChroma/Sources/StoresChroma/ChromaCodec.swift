#if HTTP
import StoresCore
import StoresHTTP

/// Records as Chroma keeps them.
///
/// A metadata field whose value Chroma can hold stands under its own name: strings, numbers, bools, arrays of one of
/// these; instants as RFC 3339 texts. That is for other clients. What this adapter reads and filters by are
///
/// | key | value |
/// |---|---|
/// | `_stores_place` | a number, see ``place(of:)`` |
/// | `_stores_metadata` | the metadata as JSON, exactly, if there are any |
/// | `_stores_terms` | the terms of ``FilterTerms``, but for those that ``ChromaValue`` makes needless |
/// | `_stores_o0_…` | its orders, as integers: Chroma reads a double to within the last place, which is not enough |
///
/// Each value is a row that the server indexes, which is most of what a write costs: so there are no more of them.
///
/// New records are added, which writes nothing where another writer was first. The others are upserted, and Chroma's
/// upsert merges: a field that is missing stays. All of the above but the orders are written then, or nulled, so what
/// this adapter reads is always the whole of the last write; stale fields are nulled for the other clients.
enum ChromaCodec {
    static let prefix = "_stores_"
    static let metadataKey = "_stores_metadata"
    static let termsKey = "_stores_terms"
    static let placeKey = "_stores_place"

    // MARK: Writing

    /// The body of an upsert, or of an addition when no record is there.
    ///
    /// - Parameter stale: By id, the keys of the record that is there.
    static func write(
        _ records: ArraySlice<VectorRecord>, stale: [IDKey: [String]], asBase64: Bool
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(records.reduce(256) { $0 + $1.vector.count * (asBase64 ? 6 : 12) + 512 })
        writer.raw("{\"ids\":")
        writer.list(records) { $0.append($1.id) }
        writer.raw(",\"embeddings\":")
        writer.list(records) { asBase64 ? $0.appendBase64($1.vector) : $0.append($1.vector) }
        writer.raw(",\"documents\":")
        writer.list(records) { writer, record in
            // Chroma indexes an empty document too; only one that is there already has to be emptied.
            if let document = record.document ?? (stale[IDKey(record.id)] == nil ? nil : "") {
                writer.append(document)
            } else {
                writer.raw("null")
            }
        }
        writer.raw(",\"metadatas\":")
        writer.list(records) { append($1, stale: stale.isEmpty ? nil : stale[IDKey($1.id)] ?? [], to: &$0) }
        writer.raw("}")
        return writer.finish()
    }

    /// - Parameter stale: Nil for a record that is added.
    private static func append(_ record: VectorRecord, stale: [String]?, to writer: inout JSONWriter) {
        let terms = FilterTerms(record.metadata)
        writer.raw("{\"_stores_place\":")
        writer.append(place(of: record))
        if !record.metadata.isEmpty {
            writer.raw(",\"_stores_metadata\":")
            writer.append(Value.object(record.metadata).json)
        } else if stale != nil {
            writer.raw(",\"_stores_metadata\":null")
        }
        if !terms.terms.isEmpty {
            writer.raw(",\"_stores_terms\":")
            writer.append(terms.terms.filter { ChromaValue(term: $0)?.stands(in: record.metadata) != true })
        } else if stale != nil {
            writer.raw(",\"_stores_terms\":null")
        }
        for order in terms.orders {
            writer.raw(",")
            writer.append(prefix + order.key)
            writer.raw(":")
            writer.append(Int(order.value.sortableBits))
        }
        for (key, value) in record.metadata {
            guard let natural = natural(key, value) else { continue }
            writer.raw(",")
            writer.append(key)
            writer.raw(":")
            writer.append(natural)
        }
        for key in stale ?? [] where !isWritten(key, record.metadata, terms) {
            writer.raw(",")
            writer.append(key)
            writer.raw(":null")
        }
        writer.raw("}")
    }

    private static func isWritten(_ key: String, _ metadata: Metadata, _ terms: FilterTerms) -> Bool {
        guard key.hasPrefix(prefix) else { return metadata[key].flatMap { natural(key, $0) } != nil }
        return key == placeKey || key == metadataKey || key == termsKey
            || terms.order(String(key.dropFirst(prefix.count))) != nil
    }

    /// The value under which other clients see a field; nil for what Chroma has no place for.
    static func natural(_ key: String, _ value: Value) -> Value? {
        guard isOwn(key) else { return nil }
        switch value {
        case .bool, .int, .double, .string: return value
        case .instant(let instant): return .string(instant.description)
        case .null, .object: return nil
        case .array(let elements):
            guard let kind = elements.first?.kindName, ["bool", "int", "double", "string"].contains(kind),
                elements.allSatisfy({ $0.kindName == kind })
            else { return nil }
            return value
        }
    }

    /// Whether Chroma takes a field of this name, and it is none of this adapter's.
    static func isOwn(_ key: String) -> Bool {
        switch key.utf8.first {
        case nil, UInt8(ascii: "#"), UInt8(ascii: "$"): false
        case UInt8(ascii: "_"): !key.hasPrefix(prefix)
        case UInt8(ascii: "c"): !key.hasPrefix("chroma:")
        default: true
        }
    }

    /// From the lowest bit: whether there is a document, since Chroma's own, once set, can be emptied and not removed;
    /// 48 bits of the id's hash, by which a scroll goes; whether there are metadata, without which terms say nothing.
    ///
    /// Chroma 1.5.9 leaves the arrays of a collection behind that another client drops, and gives them to records that
    /// come later. Where there are terms they replace those; this bit spares all others a row.
    static func place(of record: VectorRecord) -> Int {
        Int(hash(record.id)) << 1 | (record.document == nil ? 0 : 1) | (record.metadata.isEmpty ? 0 : firstWithTerms)
    }

    /// The lowest place of a record that has metadata.
    static let firstWithTerms = 1 << 49

    /// 48 bits that are spread evenly: FNV-1a, finished as MurmurHash3 does.
    static func hash(_ id: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return (hash ^ hash >> 33) >> 16
    }

    // MARK: Reading

    /// A record's fields as they come: what is not asked for is not read.
    struct Fields {
        var metadata: Metadata = [:]
        /// Nil for a record that another client wrote.
        var hasDocument: Bool?
    }

    static func fields(_ pull: inout JSONPull, include: VectorInclude) throws(StoreError) -> Fields {
        var fields = Fields()
        guard !pull.takeNull() else { return fields }
        let start = pull
        var isOurs = false
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case metadataKey where include.contains(.metadata):
                if pull.takeNull() { return }
                let text = try pull.string()
                guard case .object(let metadata)? = try? JSONReader.value(from: text) else {
                    throw pull.error("metadata that was not written here")
                }
                fields.metadata = metadata
                isOurs = true
            case placeKey:
                fields.hasDocument = try pull.int() & 1 == 1
                isOurs = true
            default: try pull.skip()
            }
        }
        guard !isOurs, include.contains(.metadata) else { return fields }
        // Another client wrote it: once more, for the metadata as they are.
        pull = start
        try pull.object { pull, key throws(StoreError) in
            if key.hasPrefix(prefix) { try pull.skip() } else { fields.metadata[key] = try pull.value() }
        }
        return fields
    }
}
#endif
