#if HTTP
import StoresCore
import StoresHTTP

/// A collection as Chroma describes it.
///
/// What of a shape Chroma has no place for stands in the collection's metadata under `stores.…`: name and namespace as
/// they were given, dimensions (which Chroma fixes with the first vector only), declared fields, unit vectors.
struct ChromaCollection: Sendable {
    var id = ""
    /// Chroma's name; see ``ChromaName``.
    var name = ""
    var metric = VectorMetric.euclidean
    /// Of the vectors that are there; nil as long as there are none.
    var dimension: Int?
    var metadata: [String: Value] = [:]

    /// - Throws: `corrupt` for a reply without id.
    init(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "id": id = try pull.string()
            case "name": name = try pull.string()
            case "dimension":
                dimension = try pull.optional { pull throws(StoreError) in Int(clamping: try pull.int()) }
            case "configuration_json": try readConfiguration(&pull)
            case "metadata":
                guard !pull.takeNull() else { return }
                try pull.object { pull, key throws(StoreError) in
                    metadata[key] = try pull.value()
                }
            default: try pull.skip()
            }
        }
        guard !id.isEmpty else { throw pull.error("a collection without id") }
    }

    private mutating func readConfiguration(_ pull: inout JSONPull) throws(StoreError) {
        guard !pull.takeNull() else { return }
        var space: String?
        try pull.object { pull, key throws(StoreError) in
            guard key == "hnsw" || key == "spann" else { return try pull.skip() }
            if pull.takeNull() { return }
            try pull.object { pull, key throws(StoreError) in
                guard key == "space" else { return try pull.skip() }
                space = try pull.optional { pull throws(StoreError) in try pull.string() }
            }
        }
        switch space {
        case "cosine": metric = .cosine
        case "ip": metric = .dot
        default: metric = .euclidean
        }
    }

    static func space(_ metric: VectorMetric) -> String {
        switch metric {
        case .cosine: "cosine"
        case .dot: "ip"
        case .euclidean: "l2"
        }
    }

    /// Nil for a collection that was not made here.
    var storedName: String? { if case .string(let name) = metadata["stores.name"] { name } else { nil } }
    var storedNamespace: String? { if case .string(let name) = metadata["stores.namespace"] { name } else { nil } }

    /// The shape that is there.
    ///
    /// - Parameter wanted: What stands in for the dimensions of a collection that has none yet and was not made here.
    func spec(name: String, wanted: Int) throws(StoreError) -> VectorCollectionSpec {
        var dimensions = dimension ?? wanted
        if case .int(let stored) = metadata["stores.dimensions"] { dimensions = Int(clamping: stored) }
        var fields: [FieldDefinition] = []
        if case .string(let text) = metadata["stores.fields"] {
            guard let stored = (try? JSONReader.value(from: text)).flatMap(FieldDefinition.list(stored:)) else {
                throw StoreError(
                    .corrupt, "the collection's metadata stores.fields is not what was written there",
                    remedy: "look at it with another client of Chroma", resource: name)
            }
            fields = stored
        }
        return VectorCollectionSpec(
            name: name, dimensions: dimensions, metric: metric, fields: fields,
            hasUnitVectors: metadata["stores.unitVectors"] == .bool(true))
    }

    // MARK: Creation

    /// Names of ``VectorCollectionSpec/options``, which are Chroma's own.
    private static let options = ["ef_construction", "ef_search", "max_neighbors"]

    static func creation(_ name: String, _ spec: VectorCollectionSpec, namespace: String) throws(StoreError) -> [UInt8]
    {
        var hnsw: Metadata = ["space": .string(space(spec.metric))]
        for (option, text) in spec.options.sorted(by: { $0.key < $1.key }) {
            guard options.contains(option) else {
                throw StoreError(
                    .invalidArgument, "the option \(option) is none of Chroma's",
                    remedy: "the options are \(options.joined(separator: ", "))", resource: spec.name, applied: .no)
            }
            guard let number = Int64(text), number > 0 else {
                throw .invalidArgument("the option \(option) is a whole number above 0", resource: spec.name)
            }
            hnsw[option] = .int(number)
        }
        var metadata: Metadata = [
            "stores.name": .string(spec.name), "stores.namespace": .string(namespace),
            "stores.dimensions": .int(Int64(spec.dimensions)),
        ]
        if spec.hasUnitVectors { metadata["stores.unitVectors"] = true }
        if !spec.fields.isEmpty {
            metadata["stores.fields"] = .string(Value.array(spec.fields.map(\.stored)).json)
        }
        var writer = JSONWriter()
        writer.append([
            "name": .string(name), "metadata": .object(metadata), "configuration": ["hnsw": .object(hnsw)],
        ])
        return writer.finish()
    }
}
#endif
