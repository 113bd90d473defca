#if HTTP
import StoresCore
import StoresHTTP

extension JSONPull {
    /// Visits each element of one column of a reply, which has a column for each kind of thing: `{"ids":[…],…}`.
    mutating func columns(_ name: String, _ element: (inout JSONPull) throws(StoreError) -> Void) throws(StoreError) {
        try object { pull, key throws(StoreError) in
            guard key == name, !pull.takeNull() else { return try pull.skipUnlessRead(key, name) }
            try pull.array(element)
        }
    }

    /// After a `null` under the wanted name nothing is left to skip.
    private mutating func skipUnlessRead(_ key: String, _ name: String) throws(StoreError) {
        if key != name { try skip() }
    }
}

/// The columns of a reply of `get`, or of one query: ids, and what was included, row by row.
struct ChromaColumns {
    var ids: [String] = []
    var fields: [ChromaCodec.Fields] = []
    var documents: [String?] = []
    var embeddings: [[Float]] = []
    var distances: [Double] = []

    init(_ pull: inout JSONPull, include: VectorInclude) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in try read(key, &pull, include, isQuery: false) }
    }

    /// Of a reply of `query` with one embedding: each column has an array for it.
    init(query pull: inout JSONPull, include: VectorInclude) throws(StoreError) {
        try pull.object { pull, key throws(StoreError) in try read(key, &pull, include, isQuery: true) }
    }

    private mutating func read(
        _ key: String, _ pull: inout JSONPull, _ include: VectorInclude, isQuery: Bool
    ) throws(StoreError) {
        guard ["ids", "metadatas", "documents", "embeddings", "distances"].contains(key) else {
            return try pull.skip()
        }
        if pull.takeNull() { return }
        guard isQuery else { return try column(key, &pull, include) }
        var columns = 0
        try pull.array { pull throws(StoreError) in
            columns += 1
            guard columns == 1 else { throw pull.error("more results than queries") }
            try column(key, &pull, include)
        }
    }

    private mutating func column(_ key: String, _ pull: inout JSONPull, _ include: VectorInclude) throws(StoreError) {
        switch key {
        case "ids": ids = try pull.list { pull throws(StoreError) in try pull.string() }
        case "metadatas":
            fields = try pull.list { pull throws(StoreError) in try ChromaCodec.fields(&pull, include: include) }
        case "documents":
            documents = try pull.list { pull throws(StoreError) in
                try pull.optional { pull throws(StoreError) in try pull.string() }
            }
        case "embeddings": embeddings = try pull.list { pull throws(StoreError) in try pull.floats() }
        default: distances = try pull.list { pull throws(StoreError) in try pull.double() }
        }
    }

    /// - Throws: `corrupt` when the columns are not of one length.
    func records(_ pull: JSONPull) throws(StoreError) -> [StoredVectorRecord] {
        for count in [fields.count, documents.count, embeddings.count, distances.count]
        where count != 0 && count != ids.count {
            throw pull.error("columns of different lengths")
        }
        return ids.indices.map { index in
            let fields = fields.isEmpty ? ChromaCodec.Fields() : fields[index]
            let document = documents.isEmpty ? nil : documents[index]
            return StoredVectorRecord(
                id: ids[index], metadata: fields.metadata, document: fields.hasDocument == false ? nil : document,
                vector: embeddings.isEmpty ? nil : embeddings[index])
        }
    }
}
#endif
