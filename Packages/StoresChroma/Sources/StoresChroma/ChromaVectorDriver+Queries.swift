#if HTTP
import StoresCore
import StoresHTTP

extension ChromaVectorDriver {
    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try query.filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        if filter == .nothing { return VectorMatches(matches: []) }
        return try await backend.with(target, missing: VectorMatches(matches: []), context) {
            collection throws(StoreError) in
            var nearest = NearestMatches(limit: query.limit, minSimilarity: query.minSimilarity)
            var found = try await search(query, filter, nearest.asked, collection, context)
            while nearest.needsMore(found) {
                found = try await search(query, filter, nearest.asked, collection, context)
            }
            // The graph may have stranded matches; whether it has, only a count can say.
            var isComplete = true
            if found.count < query.limit {
                isComplete = try await count(filter, collection, context) <= found.count
            }
            return VectorMatches(matches: nearest.best(found), isComplete: isComplete)
        }
    }

    private func search(
        _ query: VectorQuery, _ filter: TermFilter, _ count: Int, _ collection: ChromaCollection,
        _ context: CallContext
    ) async throws(StoreError) -> [VectorMatch] {
        try context.check(applied: .no)
        var writer = JSONWriter()
        writer.raw("{\"query_embeddings\":[")
        writer.append(query.vector)
        writer.raw("],\"n_results\":")
        // A number that Chroma's 32 bits hold.
        writer.append(min(count, Int(Int32.max)))
        writer.raw(",\"include\":")
        writer.append(["distances"] + Self.include(query.include))
        if filter != .everything {
            writer.raw(",\"where\":")
            ChromaFilterCompiler.appendWhole(filter, to: &writer)
        }
        writer.raw("}")
        let reply = try await api.send(
            .post, ["collections", collection.id, "query"], body: writer.finish(), context: context)
        return try JSONPull.read(reply) { pull throws(StoreError) in
            let columns = try ChromaColumns(query: &pull, include: query.include)
            let records = try columns.records(pull)
            guard columns.distances.count == records.count else { throw pull.error("matches without distances") }
            return zip(records, columns.distances).map { record, distance in
                VectorMatch(
                    id: record.id, similarity: Self.similarity(ofDistance: distance, collection.metric),
                    metadata: record.metadata, document: record.document, vector: record.vector)
            }
        }
    }

    /// Chroma's distances, lower is closer (docs.trychroma.com, "Configure collections", and measured on 1.5.9):
    /// `cosine` is 1 - cos, `ip` is 1 - dot, `l2` is the square of the euclidean distance.
    static func similarity(ofDistance distance: Double, _ metric: VectorMetric) -> Double {
        switch metric {
        case .cosine, .dot: 1 - distance
        case .euclidean: -max(0, distance).squareRoot()
        }
    }
}
#endif
