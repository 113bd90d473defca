import StoresCore

extension VectorRecord {
    /// - Parameter embedder: Gives a record without a vector that of its document.
    init(_ line: JSONLines.Line, embedder: FeatureHashingEmbedder?) throws(StoreError) {
        var fields = try JSONFields(line)
        let id = try fields.requiredString("id")
        let document = try fields.string("document")
        var vector = try fields.vector("vector")
        if vector == nil, let embedder, let document { vector = embedder.vector(document) }
        guard let vector else {
            throw fields.error(embedder == nil ? "vector is missing" : "vector and document are missing")
        }
        self.init(id: id, vector: vector, metadata: try fields.object("metadata") ?? [:], document: document)
        try fields.finish()
    }
}

extension StoredVectorRecord {
    func jsonValue(_ include: VectorInclude) -> Value {
        .object(
            [
                "id": .string(id),
                "metadata": include.contains(.metadata) ? .object(metadata) : nil,
                "document": document.map(Value.string),
                "vector": vector?.jsonValue,
            ].compactMapValues { $0 })
    }
}

extension VectorMatch {
    func jsonValue(_ include: VectorInclude) -> Value {
        .object(
            [
                "id": .string(id),
                "similarity": similarity.map(Value.double),
                "score": score.map(Value.double),
                "metadata": include.contains(.metadata) ? .object(metadata) : nil,
                "document": document.map(Value.string),
                "vector": vector?.jsonValue,
            ].compactMapValues { $0 })
    }
}

extension VectorCollectionSpec {
    var jsonValue: Value {
        [
            "name": .string(name), "dimensions": .int(Int64(dimensions)), "metric": .string(metric.rawValue),
            "unitVectors": .bool(hasUnitVectors), "options": options.jsonValue,
            "fields": .array(
                fields.map { field in
                    [
                        "path": .array(field.path.segments.map(Value.string)), "type": .string(field.type.rawValue),
                        "indexed": .bool(field.isIndexed),
                    ]
                }),
        ]
    }
}
