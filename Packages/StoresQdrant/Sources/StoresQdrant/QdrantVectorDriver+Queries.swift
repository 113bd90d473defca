#if HTTP
import StoresCore
import StoresHTTP

extension QdrantVectorDriver {
    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        var found: [IDKey: StoredVectorRecord] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.idsInCall) {
            try context.check(applied: .no)
            var writer = JSONWriter()
            writer.raw("{\"ids\":")
            writer.append(
                ids[start..<min(start + Self.idsInCall, ids.count)].map {
                    QdrantName.point($0, namespace: target.namespace)
                })
            writer.raw(",")
            QdrantCodec.appendSelection(include, to: &writer)
            writer.raw("}")
            let records = try await api.send(
                HTTPCall(.post, points(target), body: writer.finish()), resource: target.collection.name,
                context: context
            ) { pull throws(StoreError) in
                try pull.list { pull throws(StoreError) in try QdrantCodec.point(&pull).record }
            }
            for record in records { found[IDKey(record.id)] = record }
        }
        return ids.compactMap { found[IDKey($0)] }
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        let compiled = try filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        return compiled == .nothing ? 0 : try await count(compiled, target, context)
    }

    func count(_ filter: TermFilter, _ target: VectorTarget, _ context: CallContext) async throws(StoreError) -> Int {
        var writer = JSONWriter()
        writer.raw("{\"exact\":true,\"filter\":")
        QdrantFilterCompiler.append(filter, namespace: target.namespace, to: &writer)
        writer.raw("}")
        return try await api.send(
            HTTPCall(.post, points(target, "count"), body: writer.finish()), resource: target.collection.name,
            context: context
        ) { pull throws(StoreError) in
            var count = 0
            try pull.object { pull, key throws(StoreError) in
                if key == "count" { count = Int(clamping: try pull.int()) } else { try pull.skip() }
            }
            return count
        }
    }

    /// In the order of Qdrant's own ids. The cursor is the first id of the next page, there or not.
    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.filter == nil else {
            throw StoreError(.unsupported, "Qdrant scrolls in id order without a filter alone", applied: .no)
        }
        var writer = JSONWriter()
        writer.raw("{\"limit\":")
        writer.append(min(request.limit, Int(Int32.max)))
        if let cursor = request.cursor {
            guard cursor.rawValue.utf8.count == 36 else {
                throw .invalidArgument("the cursor was not given out by this store")
            }
            writer.raw(",\"offset\":")
            writer.append(cursor.rawValue)
        }
        writer.raw(",\"filter\":")
        QdrantFilterCompiler.append(.everything, namespace: target.namespace, to: &writer)
        writer.raw(",")
        QdrantCodec.appendSelection(request.include, to: &writer)
        writer.raw("}")
        return try await api.send(
            HTTPCall(.post, points(target, "scroll"), body: writer.finish()), resource: target.collection.name,
            context: context
        ) { pull throws(StoreError) in
            var page = Page<StoredVectorRecord>(items: [], next: nil)
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "points":
                    page.items = try pull.list { pull throws(StoreError) in try QdrantCodec.point(&pull).record }
                case "next_page_offset":
                    page.next = try pull.optional { pull throws(StoreError) in Cursor(rawValue: try pull.string()) }
                default: try pull.skip()
                }
            }
            return page
        }
    }

    // MARK: Queries

    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try query.filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        if filter == .nothing { return VectorMatches(matches: []) }
        var nearest = NearestMatches(limit: query.limit, minSimilarity: query.minSimilarity)
        var found = try await search(query, filter, nearest.asked, target, context)
        while nearest.needsMore(found) {
            found = try await search(query, filter, nearest.asked, target, context)
        }
        // The graph may have stranded matches; whether it has, only a count can say.
        var isComplete = true
        if found.count < query.limit { isComplete = try await count(filter, target, context) <= found.count }
        return VectorMatches(matches: nearest.best(found), isComplete: isComplete)
    }

    private func search(
        _ query: VectorQuery, _ filter: TermFilter, _ count: Int, _ target: VectorTarget, _ context: CallContext
    ) async throws(StoreError) -> [VectorMatch] {
        try context.check(applied: .no)
        let metric = target.collection.metric
        let scored = try await points(
            target, filter, limit: count, include: query.include, context
        ) { writer in
            writer.raw("\"query\":")
            writer.append(query.vector)
            writer.raw(",\"using\":\"dense\"")
        }
        return scored.map { record, score in
            VectorMatch(
                id: record.id, similarity: Self.similarity(ofScore: score, metric), metadata: record.metadata,
                document: record.document, vector: record.vector)
        }
    }

    /// Qdrant's scores (qdrant.tech, "Similarity search", and its OpenAPI description): of `Cosine` and `Dot` the
    /// similarity, of `Euclid` the distance, lower is closer.
    static func similarity(ofScore score: Double, _ metric: VectorMetric) -> Double {
        metric == .euclidean ? -score : score
    }

    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try query.filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        guard filter != .nothing, let text = QdrantText.query(query.text) else { return VectorMatches(matches: []) }
        let scored = try await points(
            target, filter, limit: query.limit, include: query.include, context
        ) { writer in
            writer.raw("\"query\":")
            text.append(to: &writer)
            writer.raw(",\"using\":\"text\"")
        }
        return Self.ranked(scored)
    }

    /// Both searches and their reciprocal rank fusion in one request, with the k of the core's own.
    func hybridQuery(
        _ text: VectorTextQuery, _ vector: [Float], in target: VectorTarget, context: CallContext
    ) async throws(StoreError) -> VectorMatches {
        let filter = try text.filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        if filter == .nothing { return VectorMatches(matches: []) }
        let depth = max(100, text.limit.multipliedReportingOverflow(by: 4).overflow ? text.limit : text.limit * 4)
        let words = QdrantText.query(text.text)
        let scored = try await points(
            target, .everything, limit: text.limit, include: text.include, context
        ) { writer in
            writer.raw("\"prefetch\":[{\"query\":")
            writer.append(vector)
            writer.raw(",\"using\":\"dense\"")
            Self.appendPrefetch(filter, target, depth, &writer)
            if let words {
                writer.raw(",{\"query\":")
                words.append(to: &writer)
                writer.raw(",\"using\":\"text\"")
                Self.appendPrefetch(filter, target, depth, &writer)
            }
            writer.raw("],\"query\":{\"rrf\":{\"k\":")
            writer.append(Int(RankFusion.k))
            writer.raw("}}")
        }
        return Self.ranked(scored)
    }

    private static func appendPrefetch(
        _ filter: TermFilter, _ target: VectorTarget, _ depth: Int, _ writer: inout JSONWriter
    ) {
        writer.raw(",\"limit\":")
        writer.append(min(depth, Int(Int32.max)))
        writer.raw(",\"filter\":")
        QdrantFilterCompiler.append(filter, namespace: target.namespace, to: &writer)
        writer.raw("}")
    }

    /// `POST …/points/query`.
    private func points(
        _ target: VectorTarget, _ filter: TermFilter, limit: Int, include: VectorInclude, _ context: CallContext,
        _ appendQuery: (inout JSONWriter) -> Void
    ) async throws(StoreError) -> [(record: StoredVectorRecord, score: Double)] {
        var writer = JSONWriter()
        writer.raw("{")
        appendQuery(&writer)
        writer.raw(",\"limit\":")
        writer.append(min(limit, Int(Int32.max)))
        writer.raw(",\"filter\":")
        QdrantFilterCompiler.append(filter, namespace: target.namespace, to: &writer)
        writer.raw(",")
        QdrantCodec.appendSelection(include, to: &writer)
        writer.raw("}")
        return try await api.send(
            HTTPCall(.post, points(target, "query"), body: writer.finish()), resource: target.collection.name,
            context: context
        ) { pull throws(StoreError) in
            var found: [(record: StoredVectorRecord, score: Double)] = []
            try pull.object { pull, key throws(StoreError) in
                guard key == "points" else { return try pull.skip() }
                found = try pull.list { pull throws(StoreError) in
                    let point = try QdrantCodec.point(&pull)
                    guard let score = point.score else { throw pull.error("a match without score") }
                    return (point.record, score)
                }
            }
            return found
        }
    }

    /// Ranks alone, best first, ties by id.
    private static func ranked(_ scored: [(record: StoredVectorRecord, score: Double)]) -> VectorMatches {
        let sorted = scored.sorted {
            $0.score == $1.score ? IDKey($0.record.id) < IDKey($1.record.id) : $0.score > $1.score
        }
        return VectorMatches(
            matches: sorted.map { record, _ in
                VectorMatch(
                    id: record.id, similarity: nil, metadata: record.metadata, document: record.document,
                    vector: record.vector)
            })
    }
}
#endif
