import StoresCore

extension PostgresMemoryDriver {
    func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        switch request.cue {
        case .text(let text): return try await recall(text: text, request, context)
        case .vector(let vector): return try await recall(vector: vector, request, context)
        }
    }

    /// Facts that have any of the words, ranked among those in scope.
    private func recall(text: String, _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        let terms = PostgresWords.distinct(TextAnalyzer.standard.terms(text))
        if terms.isEmpty { return FactMatches(matches: []) }
        var ranking = PostgresRanking()
        for term in terms { ranking.add(PostgresRanking.Part(column: 0, needle: PostgresWords.needle(term))) }
        var arguments = PostgresArguments()
        let within = try PostgresScope(request.scope).condition(request.depth, &arguments)
        let visible = PostgresFactRow.visible(context.now, &arguments)
        let query = arguments.bind(.text(PostgresWords.any(terms)))
        let filter = try request.filter.map { filter throws(StoreError) in
            try PostgresFilter.condition(filter, column: "f.attributes", &arguments)
        }
        let source = "FROM facts f WHERE \(within) AND \(visible)"
        let hits = """
            SELECT f.scope, f.id, f.word_count AS n0\(ranking.frequencies(words: { _ in "f.words" }, &arguments))
            \(source) AND f.words <> '' AND words_vector(f.words) @@ \(query)::tsquery
            \(filter.map { "AND \($0)" } ?? "")
            """
        let limit = arguments.bind(.int8(Int64(clamping: request.limit)))
        let rows = try await pool.query(
            """
            WITH hits AS MATERIALIZED (\(hits)),
            w AS MATERIALIZED (\(ranking.weights(source: source, lengths: ["f.word_count"]))),
            best AS (
                SELECT h.scope, h.id, \(ranking.score { "h.n\($0)" }) AS score FROM hits h, w
                ORDER BY score DESC, h.scope, h.id LIMIT \(limit))
            SELECT \(PostgresFactRow.columns) FROM best b JOIN facts f ON f.scope = b.scope AND f.id = b.id
            ORDER BY b.score DESC, b.scope, b.id
            """, arguments.values, .read, isPrepared: false, deadline: context.deadline)
        var matches: [FactMatch] = []
        for row in rows { matches.append(FactMatch(fact: try PostgresFactRow.fact(row))) }
        return FactMatches(matches: matches)
    }

    /// Exact: every embedding in scope is compared.
    private func recall(vector: [Float], _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        if let problem = PostgresVectorRange.problem(vector, .cosine, isHalf: false) {
            throw .invalidArgument("the vector to recall by \(problem)")
        }
        var arguments = PostgresArguments()
        let within = try PostgresScope(request.scope).condition(request.depth, &arguments)
        let visible = PostgresFactRow.visible(context.now, &arguments)
        let filter = try request.filter.map { filter throws(StoreError) in
            try PostgresFilter.condition(filter, column: "f.attributes", &arguments)
        }
        let query = arguments.bind(.vector(vector))
        let dimensions = arguments.bind(.int4(Int32(clamping: vector.count)))
        let limit = arguments.bind(.int8(Int64(clamping: request.limit)))
        // The case decides first: pgvector refuses to compare vectors of different lengths.
        let rows = try await pool.query(
            """
            WITH best AS (
                SELECT * FROM (
                    SELECT f.scope, f.id, CASE WHEN cardinality(f.embedding) = \(dimensions)
                    THEN f.embedding::vector <=> \(query) END AS distance
                    FROM facts f WHERE \(within) AND \(visible) AND f.embedding IS NOT NULL
                    \(filter.map { "AND \($0)" } ?? "")) compared
                WHERE distance IS NOT NULL ORDER BY distance, scope, id LIMIT \(limit))
            SELECT b.distance, \(PostgresFactRow.columns) FROM best b
            JOIN facts f ON f.scope = b.scope AND f.id = b.id ORDER BY b.distance, b.scope, b.id
            """, arguments.values, .read, isPrepared: request.filter == nil, deadline: context.deadline)
        var matches: [FactMatch] = []
        for row in rows {
            let similarity = 1 - (try row.double(0))
            guard similarity >= request.minSimilarity ?? -.infinity else { break }
            matches.append(
                FactMatch(
                    fact: try PostgresFactRow.fact(row, from: 1), similarity: similarity, score: (1 + similarity) / 2))
        }
        return FactMatches(matches: matches)
    }
}
