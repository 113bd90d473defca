import StoresCore

/// Where filters are tested: a tier with records in it, asked for the ids that a filter matches.
struct FilterTarget: Sendable {
    typealias Records = [(id: String, metadata: Metadata)]
    typealias Ask = @Sendable (Filter) async throws -> [String]

    let tier: Tier
    let filters: Capability
    let nested: Capability
    /// Fills a new collection and returns how to ask it.
    let open: @Sendable (Bench, Records) async throws -> Ask

    static let vector = FilterTarget(tier: .vector, filters: .vector(.filters), nested: .vector(.nestedFields)) {
        bench, records in
        let collection = try await bench.collection()
        try await VectorCases.fill(
            collection,
            records.enumerated().map {
                VectorRecord(id: $1.id, vector: [1, Float($0) / 100, 0.5], metadata: $1.metadata)
            })
        return { filter in
            let matches = try await collection.query([1, 0, 0], where: filter, limit: 1000)
            try expectEqual(try await collection.count(where: filter), matches.count, "count and query where \(filter)")
            return matches.map(\.id)
        }
    }

    static let memory = FilterTarget(tier: .memory, filters: .memory(.filters), nested: .memory(.nestedFields)) {
        bench, records in
        let scope = bench.scope()
        try await bench.stores.memory.put(
            records.map { FactDraft(id: $0.id, scope: scope, content: "a fact", attributes: $0.metadata) }
        ).throwIfFailed()
        return { filter in
            try await bench.stores.memory.list(scope: scope, where: filter, limit: 1000).items.map(\.id)
        }
    }

    static let search = FilterTarget(tier: .search, filters: .search(.filters), nested: .search(.nestedFields)) {
        bench, records in
        let index = try await bench.index()
        try await index.upsert(records.map { SearchDocument(id: $0.id, fields: $0.metadata) }).result.throwIfFailed()
        return { filter in
            let results = try await index.search(.all, where: filter, limit: 1000)
            try expectEqual(results.total, results.hits.count, "total and hits where \(filter)")
            try expectEqual(try await index.count(where: filter), results.total, "count and total where \(filter)")
            return results.hits.map(\.id)
        }
    }
}
