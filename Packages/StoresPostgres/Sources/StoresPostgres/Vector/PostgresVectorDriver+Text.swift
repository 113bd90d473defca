import StoresCore

extension PostgresVectorDriver {
    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        guard query.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(query.limit)") }
        let terms = PostgresWords.distinct(TextAnalyzer.standard.terms(query.text))
        if terms.isEmpty { return VectorMatches(matches: []) }
        let rows = try await perform(target, context) { collection throws(StoreError) in
            var arguments = PostgresArguments([.text(target.namespace)])
            let ranked = try Self.ranked(
                terms, query.filter, collection, namespace: "$1", limit: Int64(clamping: query.limit), &arguments)
            return try await pool.query(
                """
                WITH \(ranked)
                SELECT r.id\(Self.columns(query.include)) FROM by_text t
                JOIN \(collection.table) r ON r.namespace = $1 AND r.id = t.id ORDER BY t.place
                """, arguments.values, .read, isPrepared: false, deadline: context.deadline)
        }
        return VectorMatches(matches: try Self.ranks(rows, query.include, from: 1))
    }

    /// The text's and the vector's ranks fused by the database, as ``RankFusion`` fuses them.
    func hybridQuery(
        _ text: VectorTextQuery, _ vector: [Float], in target: VectorTarget, context: CallContext
    ) async throws(StoreError) -> VectorMatches {
        guard text.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(text.limit)") }
        return try await perform(target, context) { collection throws(StoreError) in
            try Self.check(vector, collection)
            let depth = max(100, text.limit > .max / 4 ? text.limit : text.limit * 4)
            if try await usesIndex(collection, target, context) {
                let rows = try await fuse(text, vector, depth, target, collection, isExact: false, context)
                // The index gave as much as it was asked for.
                if let row = rows.first, try row.int(1) >= depth {
                    return VectorMatches(matches: try Self.ranks(rows, text.include, from: 2))
                }
            }
            let rows = try await fuse(text, vector, depth, target, collection, isExact: true, context)
            return VectorMatches(matches: try Self.ranks(rows, text.include, from: 2))
        }
    }

    private func fuse(
        _ text: VectorTextQuery, _ vector: [Float], _ depth: Int, _ target: VectorTarget,
        _ collection: PostgresCollection, isExact: Bool, _ context: CallContext
    ) async throws(StoreError) -> PostgresRows {
        var arguments = PostgresArguments([.vector(vector), .text(target.namespace)])
        let nearest = try nearest(
            collection, target.collection.options, filter: text.filter, limit: depth, columns: "", names: "",
            isExact: isExact, &arguments)
        var parts = [
            """
            by_vector AS (
                SELECT id, row_number() OVER (ORDER BY distance, id) AS place FROM (\(nearest)) AS found
                ORDER BY place LIMIT \(arguments.bind(.int8(Int64(clamping: depth)))))
            """
        ]
        var ranks = "SELECT id, place FROM by_vector"
        let terms = PostgresWords.distinct(TextAnalyzer.standard.terms(text.text))
        if !terms.isEmpty {
            parts.append(
                try Self.ranked(
                    terms, text.filter, collection, namespace: "$2", limit: Int64(clamping: depth), &arguments))
            ranks += " UNION ALL SELECT id, place FROM by_text"
        }
        let limit = arguments.bind(.int8(Int64(clamping: text.limit)))
        return try await pool.query(
            """
            WITH \(parts.joined(separator: ",\n")),
            fused AS (
                SELECT id, sum(1::float8 / (\(Int(RankFusion.k)) + place)) AS score FROM (\(ranks)) AS ranks
                GROUP BY id ORDER BY score DESC, id LIMIT \(limit))
            SELECT r.id, (SELECT count(*) FROM by_vector)\(Self.columns(text.include)) FROM fused f
            JOIN \(collection.table) r ON r.namespace = $2 AND r.id = f.id ORDER BY f.score DESC, f.id
            """, arguments.values, .read, isPrepared: false, deadline: context.deadline)
    }

    /// The table expressions `hits`, `w` and `by_text`: ids and their places among the records that have any of the
    /// words.
    private static func ranked(
        _ terms: [String], _ filter: Filter?, _ collection: PostgresCollection, namespace: String, limit: Int64,
        _ arguments: inout PostgresArguments
    ) throws(StoreError) -> String {
        var ranking = PostgresRanking()
        for term in terms { ranking.add(PostgresRanking.Part(column: 0, needle: PostgresWords.needle(term))) }
        let query = arguments.bind(.text(PostgresWords.any(terms)))
        let source = "FROM \(collection.table) r WHERE r.namespace = \(namespace)"
        var condition = "r.words <> '' AND words_vector(r.words) @@ \(query)::tsquery"
        if let filter { condition += " AND \(try self.condition(filter, collection, &arguments))" }
        return """
            hits AS MATERIALIZED (
                SELECT r.id, r.word_count AS n0\(ranking.frequencies(words: { _ in "r.words" }, &arguments))
                \(source) AND \(condition)),
            w AS MATERIALIZED (\(ranking.weights(source: source, lengths: ["r.word_count"]))),
            by_text AS (
                SELECT id, row_number() OVER (ORDER BY score DESC, id) AS place
                FROM (SELECT h.id, \(ranking.score { "h.n\($0)" }) AS score FROM hits h, w) AS scored
                ORDER BY place LIMIT \(arguments.bind(.int8(limit))))
            """
    }

    private static func ranks(_ rows: PostgresRows, _ include: VectorInclude, from first: Int) throws(StoreError)
        -> [VectorMatch]
    {
        var matches: [VectorMatch] = []
        for row in rows {
            let record = try record(row, include, from: first)
            matches.append(
                VectorMatch(
                    id: record.id, similarity: nil, metadata: record.metadata, document: record.document,
                    vector: record.vector))
        }
        return matches
    }
}
