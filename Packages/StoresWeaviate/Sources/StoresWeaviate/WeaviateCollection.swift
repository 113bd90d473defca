#if HTTP
import StoresCore
import StoresHTTP

/// A collection as Weaviate describes it.
///
/// What of a shape Weaviate has no place for stands in its description as JSON, under `stores`: the name as it was
/// given, dimensions, declared fields, unit vectors.
struct WeaviateCollection: Sendable {
    var name = ""
    var metric: VectorMetric?
    var hasTenants = false
    private var shape: Metadata?

    init(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            if pull.takeNull() { return }
            switch key {
            case "class": name = try pull.string()
            case "description":
                guard case .object(let fields)? = try? JSONReader.value(from: try pull.string()),
                    case .object(let stores) = fields["stores"]
                else { return }
                shape = stores
            case "multiTenancyConfig":
                try pull.object { pull, key throws(StoreError) in
                    if key == "enabled" { hasTenants = try pull.bool() } else { try pull.skip() }
                }
            case "vectorConfig":
                try pull.object { pull, key throws(StoreError) in
                    if key == "dense" { try readVector(&pull) } else { try pull.skip() }
                }
            default: try pull.skip()
            }
        }
    }

    private mutating func readVector(_ pull: inout JSONPull) throws(StoreError) {
        guard case .object(let fields) = try pull.value(), case .object(let index) = fields["vectorIndexConfig"] else {
            return
        }
        switch index["distance"] {
        case "cosine": metric = .cosine
        case "dot": metric = .dot
        case "l2-squared": metric = .euclidean
        default: metric = nil
        }
    }

    /// Whether it was made here.
    var isOurs: Bool { shape != nil }

    /// - Throws: `schemaMismatch` for a collection that was not made here, or was changed since.
    func spec() throws(StoreError) -> VectorCollectionSpec {
        guard let shape, case .string(let storedName) = shape["name"], let metric, hasTenants else {
            throw StoreError(
                .schemaMismatch,
                "the collection was made by another application: its description is not ours, it has no tenants, or "
                    + "no vector named \(WeaviateCodec.vectorName) with a metric of ours",
                remedy: "use another name", resource: name, applied: .no,
                conflict: .schema(found: "another application's", wanted: "one made here"))
        }
        guard case .int(let dimensions) = shape["dimensions"],
            let fields = FieldDefinition.list(stored: shape["fields"] ?? [])
        else {
            throw StoreError(
                .corrupt, "the collection's description is not what was written there",
                remedy: "look at it with another client of Weaviate", resource: name)
        }
        return VectorCollectionSpec(
            name: storedName, dimensions: Int(clamping: dimensions), metric: metric, fields: fields,
            hasUnitVectors: shape["unitVectors"] == .bool(true))
    }

    // MARK: Creation

    private static let options = ["ef", "efConstruction", "maxConnections"]

    static func distance(_ metric: VectorMetric) -> String {
        switch metric {
        case .cosine: "cosine"
        case .dot: "dot"
        case .euclidean: "l2-squared"
        }
    }

    /// The body of `POST /v1/schema`.
    static func creation(_ spec: VectorCollectionSpec) throws(StoreError) -> [UInt8] {
        // A server's default quantisation would make similarities approximate.
        var index: Metadata = [
            "distance": .string(distance(spec.metric)), "skipDefaultQuantization": true,
        ]
        for (option, text) in spec.options.sorted(by: { $0.key < $1.key }) {
            guard options.contains(option) else {
                throw StoreError(
                    .invalidArgument, "the option \(option) is none of this adapter's",
                    remedy: "the options are \(options.joined(separator: ", "))", resource: spec.name, applied: .no)
            }
            guard let number = Int64(text), number > 0 else {
                throw .invalidArgument("the option \(option) is a whole number above 0", resource: spec.name)
            }
            index[option] = .int(number)
        }
        let shape: Value = [
            "stores": [
                "name": .string(spec.name), "dimensions": .int(Int64(spec.dimensions)),
                "fields": .array(spec.fields.map(\.stored)), "unitVectors": .bool(spec.hasUnitVectors),
            ]
        ]
        let vector: Value = [
            "vectorizer": ["none": [:]], "vectorIndexType": "hnsw", "vectorIndexConfig": .object(index),
        ]
        var writer = JSONWriter()
        writer.append(
            [
                "class": .string(WeaviateName.collection(spec.name)),
                "description": .string(shape.json),
                "vectorConfig": ["\(WeaviateCodec.vectorName)": vector],
                "properties": .array(WeaviateShape(spec).schema),
                // Every word of a document counts, so that a query of stop words alone is one.
                "invertedIndexConfig": ["indexNullState": true, "stopwords": ["preset": "none"]],
                // A write makes the tenant that it is for, and wakes one that sleeps.
                "multiTenancyConfig": ["enabled": true, "autoTenantCreation": true, "autoTenantActivation": true],
            ] as Metadata)
        return writer.finish()
    }
}
#endif
