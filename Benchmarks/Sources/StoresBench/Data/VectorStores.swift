import StoresCore

/// Vector stores filled with a data set.
enum VectorStores {
    /// Opens an adapter, fills a collection, and runs the body.
    ///
    /// - Parameter repeats: How often every record is there, under ids of its own.
    static func withCollection<T>(
        _ data: DataSet, repeats: Int = 1, fields: [FieldDefinition] = [],
        registry: AdapterRegistry = AdapterRegistry(),
        environment: [String: String] = ["STORE_VECTOR": "memory"], _ body: (VectorCollection) async throws -> T
    ) async throws -> T {
        try await Stores.withOpen(registry: registry, environment: complete(environment)) { stores in
            let collection = try await stores.vector.collection(
                "packages", dimensions: DataSet.dimensions, metric: .cosine, fields: fields)
            try await fill(collection, data, repeats: repeats)
            return try await body(collection)
        }
    }

    /// The other tiers by name, so that nothing is logged.
    static func complete(_ environment: [String: String]) -> [String: String] {
        var environment = environment
        for tier in Tier.allCases where tier != .telemetry && environment[tier.variable] == nil {
            environment[tier.variable] = "memory"
        }
        return environment
    }

    static func fill(_ collection: VectorCollection, _ data: DataSet, repeats: Int) async throws {
        for copy in 0..<repeats {
            for start in stride(from: 0, to: data.count, by: 1000) {
                let records = (start..<min(start + 1000, data.count)).map { row in
                    VectorRecord(
                        id: copy == 0 ? data.ids[row] : "\(data.ids[row])#\(copy)", vector: data.vector(row),
                        metadata: data.metadata[row])
                }
                try await collection.upsert(records)
            }
        }
    }
}
