#if HTTP
import StoresCore
import StoresHTTP

/// An index as Pinecone describes it.
///
/// What of a shape Pinecone has no place for stands in the index's tags `stores-0`, `stores-1`, …, cut into pieces: as
/// JSON with the name as it was given, declared fields and unit vectors, escaped to the characters that tags take.
struct PineconeIndex: Sendable {
    private(set) var name = ""
    /// Of the data plane, without a scheme.
    private(set) var host: String?
    private(set) var isReady = false
    private var dimensions: Int?
    private var metric: VectorMetric?
    private var tags: [String: String] = [:]

    init(_ pull: inout JSONPull) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in
            switch key {
            case "name": name = try pull.string()
            case "host": host = try pull.optional { pull throws(StoreError) in try pull.string() }
            case "dimension":
                dimensions = try pull.optional { pull throws(StoreError) in Int(clamping: try pull.int()) }
            case "metric": metric = Self.metric(try pull.string())
            case "status":
                try pull.object { pull, key throws(StoreError) in
                    if key == "ready" { isReady = try pull.bool() } else { try pull.skip() }
                }
            case "tags":
                if pull.takeNull() { return }
                try pull.object { pull, key throws(StoreError) in tags[key] = try pull.string() }
            default: try pull.skip()
            }
        }
    }

    private static func metric(_ word: String) -> VectorMetric? {
        VectorMetric.allCases.first { Self.word($0) == word }
    }

    private static func word(_ metric: VectorMetric) -> String {
        switch metric {
        case .cosine: "cosine"
        case .dot: "dotproduct"
        case .euclidean: "euclidean"
        }
    }

    private var shape: Metadata? {
        var text = ""
        for number in 0..<Self.maxTags {
            guard let piece = tags["stores-\(number)"] else { break }
            text += piece
        }
        guard let json = Self.unescape(text), case .object(let shape)? = try? JSONReader.value(from: json) else {
            return nil
        }
        return shape
    }

    /// The name as it was given; nil for an index that was not made here.
    var storedName: String? { if case .string(let name) = shape?["name"] { name } else { nil } }

    /// - Throws: `schemaMismatch` for an index that was not made here.
    func spec() throws(StoreError) -> VectorCollectionSpec {
        guard let shape, case .string(let stored)? = shape["name"], let dimensions, let metric,
            let fields = FieldDefinition.list(stored: shape["fields"] ?? [])
        else {
            throw StoreError(
                .schemaMismatch,
                "the index was made by another application: it has no tags of ours, or holds no dense vectors",
                remedy: "use another name", resource: name, applied: .no,
                conflict: .schema(found: "another application's", wanted: "one made here"))
        }
        return VectorCollectionSpec(
            name: stored, dimensions: dimensions, metric: metric, fields: fields,
            hasUnitVectors: shape["unitVectors"] == .bool(true))
    }

    // MARK: Creation

    /// docs.pinecone.io, "Pinecone Database limits": 20 tags, values of at most 120 characters.
    private static let maxTags = 20
    private static let tagCharacters = 120

    static func creation(_ spec: VectorCollectionSpec, _ configuration: PineconeConfiguration) throws(StoreError)
        -> [UInt8]
    {
        if let option = spec.options.keys.min() {
            throw StoreError(
                .invalidArgument, "the option \(option) is none of this adapter's",
                remedy: "PINECONE_CLOUD and PINECONE_REGION say where indexes are made; there are no options",
                resource: spec.name, applied: .no)
        }
        let shape: Value = [
            "name": .string(spec.name), "fields": .array(spec.fields.map(\.stored)),
            "unitVectors": .bool(spec.hasUnitVectors),
        ]
        var tags: Metadata = [:]
        var rest = PlainName.escape(shape.json)[...]
        while !rest.isEmpty {
            tags["stores-\(tags.count)"] = .string(String(rest.prefix(tagCharacters)))
            rest = rest.dropFirst(tagCharacters)
        }
        guard tags.count <= maxTags else {
            throw StoreError(
                .tooLarge, "the declared fields do not go into the \(maxTags) tags of an index of Pinecone's",
                remedy: "declare fewer fields: every field can be filtered, declared or not", resource: spec.name,
                applied: .no)
        }
        var writer = JSONWriter()
        writer.append(
            [
                "name": .string(PineconeName.index(spec.name)), "dimension": .int(Int64(spec.dimensions)),
                "metric": .string(word(spec.metric)), "vector_type": "dense", "deletion_protection": "disabled",
                "spec": [
                    "serverless": ["cloud": .string(configuration.cloud), "region": .string(configuration.region)]
                ],
                "tags": .object(tags),
            ] as Metadata)
        return writer.finish()
    }

    /// What `PlainName.escape` was given; nil for what it did not write.
    private static func unescape(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "_") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
#endif
