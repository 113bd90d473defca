#if HTTP
import StoresCore
import StoresHTTP

/// Records as Weaviate keeps them: an object with the vector `dense` and the properties
///
/// | property | type | value |
/// |---|---|---|
/// | `stores_id` | text | the id as it was given; the object's own is a UUID (see ``WeaviateName``) |
/// | `document` | text, by words | the text, if there is one: what BM25 ranks |
/// | `stores_metadata` | text, no index | the metadata as JSON, exactly |
/// | `stores_terms` | text[], as they are | the terms of ``FilterTerms``, and those of ``WeaviateOrder`` |
/// | `stores_o0_…` | number | orders of declared, indexed fields |
/// | a declared field's name | its type | its value, for other clients |
///
/// Every term ends with a full stop: Weaviate cuts off white space at the ends of a text that it indexes as it is
/// (`tokenizeField` in its entities/tokenizer), and would take `libs` and `libs ` for the same.
enum WeaviateCodec {
    static let vectorName: StaticString = "dense"
    static let id: StaticString = "stores_id"
    static let document: StaticString = "document"
    static let metadata: StaticString = "stores_metadata"
    static let terms: StaticString = "stores_terms"
    static let prefix = "stores_"
    /// An order is sixteen terms here, so that a string has at most eleven.
    static let form = FilterForm(orderedBytes: 64, hasPrefixes: true)

    static func isReserved(_ property: String) -> Bool { property.hasPrefix(prefix) || property == "\(document)" }

    static func term(_ term: String) -> String { term + "." }

    // MARK: Writing

    /// The body of `POST /v1/batch/objects`.
    static func batch(_ records: ArraySlice<VectorRecord>, _ target: VectorTarget) -> [UInt8] {
        let shape = WeaviateShape(target.collection)
        var head = JSONWriter()
        head.raw("{\"class\":")
        head.append(WeaviateName.collection(target.collection.name))
        head.raw(",\"tenant\":")
        head.append(WeaviateName.tenant(target.namespace))
        head.raw(",\"id\":")
        let start = head.finish()
        var writer = JSONWriter()
        writer.bytes.reserveCapacity(records.reduce(256) { $0 + $1.vector.count * 12 + 2048 })
        writer.raw("{\"objects\":")
        writer.list(records) { writer, record in
            writer.bytes += start
            append(record, shape, to: &writer)
        }
        writer.raw("}")
        return writer.finish()
    }

    private static func append(_ record: VectorRecord, _ shape: WeaviateShape, to writer: inout JSONWriter) {
        writer.append(WeaviateName.object(record.id))
        writer.raw(",\"vectors\":{\"dense\":")
        writer.append(record.vector)
        writer.raw("},\"properties\":{\"stores_id\":")
        writer.append(record.id)
        if let document = record.document {
            writer.raw(",\"document\":")
            writer.append(document)
        }
        writer.raw(",\"stores_metadata\":")
        writer.append(Value.object(record.metadata).json)
        let found = FilterTerms(record.metadata, form)
        var terms = found.terms.map(term)
        for order in found.orders where !shape.orders.contains(order.key) {
            terms += WeaviateOrder.terms(order.key, order.value)
        }
        if !terms.isEmpty {
            writer.raw(",\"stores_terms\":")
            writer.append(terms)
        }
        for order in found.orders where shape.orders.contains(order.key) {
            append(prefix + order.key, .double(order.value), to: &writer)
        }
        for (name, field) in shape.properties {
            guard let value = record.metadata[name].flatMap({ natural($0, field.type) }) else { continue }
            append(name, value, to: &writer)
        }
        writer.raw("}}")
    }

    private static func append(_ name: String, _ value: Value, to writer: inout JSONWriter) {
        writer.raw(",")
        writer.append(name)
        writer.raw(":")
        writer.append(value)
    }

    /// A declared field's value as a property of its type; nil for what Weaviate has no value for: null, an empty
    /// array, an instant outside of the years of RFC 3339.
    private static func natural(_ value: Value, _ type: FieldType) -> Value? {
        switch (value, type) {
        case (.bool, .bool), (.int, .int), (.int, .double), (.double, .double), (.string, .string): return value
        case (.instant(let instant), .instant):
            let text = instant.description
            return text.utf8.count == 24 ? .string(text) : nil
        case (.array(let elements), _):
            guard let kind = type.element, !elements.isEmpty else { return nil }
            let found = elements.compactMap { natural($0, kind) }
            return found.count == elements.count ? .array(found) : nil
        default: return nil
        }
    }

    // MARK: Reading

    /// The fields of a query that a read wants, between its braces.
    static func appendSelection(_ include: VectorInclude, _ additional: StaticString?, to writer: inout JSONWriter) {
        writer.raw("{stores_id")
        if include.contains(.metadata) { writer.raw(" stores_metadata") }
        if include.contains(.document) { writer.raw(" document") }
        if include.contains(.vector) || additional != nil {
            writer.raw(" _additional{")
            if let additional { writer.raw(additional) }
            if include.contains(.vector) { writer.raw(" vectors{dense}") }
            writer.raw("}")
        }
        writer.raw("}")
    }

    /// An object of a reply, with what `_additional` says of it.
    static func object(_ pull: inout JSONPull) throws(StoreError) -> WeaviateObject {
        var id: String?
        var found = WeaviateObject()
        try pull.object { pull, key throws(StoreError) in
            if pull.takeNull() { return }
            switch key {
            case "stores_id": id = try pull.string()
            case "document": found.record.document = try pull.string()
            case "stores_metadata":
                guard case .object(let fields)? = try? JSONReader.value(from: try pull.string()) else {
                    throw pull.error("metadata that was not written here")
                }
                found.record.metadata = fields
            case "_additional": try found.readAdditional(&pull)
            default: try pull.skip()
            }
        }
        guard let id else { throw pull.error("an object without stores_id: another application's") }
        found.record.id = id
        return found
    }
}

/// An object of a reply.
struct WeaviateObject {
    var record = StoredVectorRecord(id: "")
    /// Weaviate's own id.
    var uuid: String?
    var distance: Double?
    /// Of BM25 and hybrid queries: higher is better.
    var score: Double?

    fileprivate mutating func readAdditional(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            if pull.takeNull() { return }
            switch key {
            case "id": uuid = try pull.string()
            case "distance": distance = try pull.double()
            case "score":
                // GraphQL's type of it is a string.
                guard pull.peek() == UInt8(ascii: "\"") else { return score = try pull.double() }
                score = Double(try pull.string())
            case "vectors":
                try pull.object { pull, key throws(StoreError) in
                    if key == "dense", !pull.takeNull() { record.vector = try pull.floats() } else { try pull.skip() }
                }
            default: try pull.skip()
            }
        }
    }

    /// Weaviate's distances (docs.weaviate.io, "Distance metrics"), lower is closer: `cosine` is 1 - cos, `dot` minus
    /// the dot product, `l2-squared` the square of the distance.
    static func similarity(ofDistance distance: Double, _ metric: VectorMetric) -> Double {
        switch metric {
        case .cosine: 1 - distance
        case .dot: -distance
        case .euclidean: -max(0, distance).squareRoot()
        }
    }
}

extension FieldType {
    /// What an array of this type holds; nil for scalars.
    var element: FieldType? {
        switch self {
        case .boolArray: .bool
        case .intArray: .int
        case .doubleArray: .double
        case .stringArray: .string
        case .instantArray: .instant
        case .bool, .int, .double, .string, .instant: nil
        }
    }
}
#endif
