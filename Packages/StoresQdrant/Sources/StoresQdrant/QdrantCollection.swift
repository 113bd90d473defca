#if HTTP
import StoresCore
import StoresHTTP

/// A collection as Qdrant describes it.
///
/// What of a shape Qdrant has no place for stands in the collection's metadata under `stores`: the name as it was
/// given, declared fields, unit vectors.
struct QdrantCollection: Sendable {
    let name: String
    var dimensions: Int?
    var metric: VectorMetric?
    var metadata: Metadata = [:]
    /// Fields of the payload that have an index.
    var indexed: Set<String> = []

    init(_ name: String, _ pull: inout JSONPull) throws(StoreError) {
        self.name = name
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "config": try readConfiguration(&pull)
            case "payload_schema":
                guard !pull.takeNull() else { return }
                try pull.object { pull, key throws(StoreError) in
                    indexed.insert(key)
                    try pull.skip()
                }
            default: try pull.skip()
            }
        }
    }

    private mutating func readConfiguration(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "params":
                try pull.object { pull, key throws(StoreError) in
                    guard key == "vectors" else { return try pull.skip() }
                    if pull.takeNull() { return }
                    try pull.object { pull, key throws(StoreError) in
                        // Another application's may have one vector without a name, or others.
                        guard key == QdrantCodec.vectorName else { return try pull.skip() }
                        try readVector(&pull)
                    }
                }
            case "metadata":
                if case .object(let fields) = try pull.value() { metadata = fields }
            default: try pull.skip()
            }
        }
    }

    private mutating func readVector(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "size": dimensions = Int(clamping: try pull.int())
            case "distance":
                switch try pull.string() {
                case "Cosine": metric = .cosine
                case "Dot": metric = .dot
                case "Euclid": metric = .euclidean
                default: metric = nil
                }
            default: try pull.skip()
            }
        }
    }

    static func distance(_ metric: VectorMetric) -> String {
        switch metric {
        case .cosine: "Cosine"
        case .dot: "Dot"
        case .euclidean: "Euclid"
        }
    }

    private var shape: Metadata? { if case .object(let fields) = metadata["stores"] { fields } else { nil } }

    /// The name as it was given; nil for a collection that was not made here.
    var storedName: String? { if case .string(let name) = shape?["name"] { name } else { nil } }

    /// - Throws: `schemaMismatch` for a collection that was not made here.
    func spec() throws(StoreError) -> VectorCollectionSpec {
        guard let shape, let storedName, let dimensions, let metric else {
            throw StoreError(
                .schemaMismatch,
                "the collection was made by another application: it has no vector named \(QdrantCodec.vectorName) "
                    + "with a metric of ours, or no metadata named stores",
                remedy: "use another name", resource: name, applied: .no,
                conflict: .schema(found: "another application's", wanted: "one made here"))
        }
        guard let fields = FieldDefinition.list(stored: shape["fields"] ?? []) else {
            throw StoreError(
                .corrupt, "the collection's metadata stores.fields is not what was written there",
                remedy: "look at it with another client of Qdrant", resource: name)
        }
        return VectorCollectionSpec(
            name: storedName, dimensions: dimensions, metric: metric, fields: fields,
            hasUnitVectors: shape["unitVectors"] == .bool(true))
    }

    // MARK: Creation

    private static let options = ["m", "ef_construct"]

    static func creation(_ spec: VectorCollectionSpec) throws(StoreError) -> [UInt8] {
        var hnsw: Metadata = [:]
        for (option, text) in spec.options.sorted(by: { $0.key < $1.key }) {
            guard options.contains(option) else {
                throw StoreError(
                    .invalidArgument, "the option \(option) is none of this adapter's",
                    remedy: "the options are \(options.joined(separator: ", "))", resource: spec.name, applied: .no)
            }
            guard let number = Int64(text), number > 0 else {
                throw .invalidArgument("the option \(option) is a whole number above 0", resource: spec.name)
            }
            hnsw[option] = .int(number)
        }
        var vector: Metadata = [
            "size": .int(Int64(spec.dimensions)), "distance": .string(distance(spec.metric)),
        ]
        if !hnsw.isEmpty { vector["hnsw_config"] = .object(hnsw) }
        let shape: Value = [
            "name": .string(spec.name), "fields": .array(spec.fields.map(\.stored)),
            "unitVectors": .bool(spec.hasUnitVectors),
        ]
        var writer = JSONWriter()
        writer.append(
            [
                "vectors": [QdrantCodec.vectorName: .object(vector)],
                // The server weighs words by how rare they are.
                "sparse_vectors": [QdrantCodec.textName: ["modifier": "idf"]],
                "metadata": ["stores": shape],
            ] as Metadata)
        return writer.finish()
    }

    /// The payload indexes that a collection of this shape has, with their kind as JSON.
    static func indexes(_ spec: VectorCollectionSpec) -> [(field: String, schema: Value)] {
        var indexes: [(field: String, schema: Value)] = [
            (QdrantCodec.namespaceKey, ["type": "keyword", "is_tenant": true]),
            (QdrantCodec.termsKey, "keyword"),
        ]
        for field in spec.fields where field.isIndexed && field.type.hasOrder {
            indexes.append((QdrantCodec.prefix + FilterTerms.orderKey(field.path), "float"))
        }
        return indexes
    }
}
#endif
