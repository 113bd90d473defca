import StoresCore

extension PostgresSearchDriver {
    /// One statement, so that hits, total and facets are of one instant.
    func search(_ request: SearchRequest, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> SearchResults
    {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        return try await perform(index, context) { index throws(StoreError) in
            let (sql, arguments, ranking) = try Self.statement(request, index)
            let rows = try await pool.query(
                sql, arguments.values, .read, isPrepared: false, deadline: context.deadline)
            return try Self.results(rows, request, index, ranking)
        }
    }

    /// What a row of the result is: its first column. Facets are numbered from `facet` on.
    private enum Kind {
        static let total: Int64 = 0
        static let hit: Int64 = 1
        static let facet: Int64 = 2
    }

    private static func statement(_ request: SearchRequest, _ index: PostgresSearchIndex) throws(StoreError)
        -> (String, PostgresArguments, PostgresRanking)
    {
        var compiler = PostgresSearchCompiler(index, PostgresArguments())
        var condition = try compiler.condition(request.query)
        if let filter = request.filter { condition += " AND \(try compiler.condition(filter))" }
        let (ranking, fields) = (compiler.ranking, index.textFields)
        let lengths = Set(ranking.parts.map(\.column)).sorted().map { ", r.\(fields[$0].wordCount) AS n\($0)" }.joined()
        let frequencies = compiler.frequencies()
        let place = try request.cursor.map { cursor throws(StoreError) in
            try PostgresSearchPlace(cursor, weights: ranking.weightNames.count)
        }
        var weights = "SELECT 1 AS none"
        if let place, !ranking.parts.isEmpty {
            weights =
                "SELECT "
                + zip(ranking.weightNames, place.weights).map { "\(compiler.bind(.float8($1))) AS \($0)" }
                .joined(separator: ", ")
        } else if !ranking.parts.isEmpty {
            weights = ranking.weights(source: "FROM \(index.table) r", lengths: fields.map { "r.\($0.wordCount)" })
        }
        var behind = "true"
        if let place {
            let (score, id) = (compiler.bind(.float8(place.score)), compiler.bind(.text(place.id)))
            behind = "(score < \(score) OR score = \(score) AND id > \(id))"
        }
        let limit = compiler.bind(.int8(Int64(min(request.limit, .max - 1)) + 1))
        let names = ranking.weightNames.map { "w.\($0)::text" }.joined(separator: ", ")
        var branches = [
            """
            SELECT \(Kind.total)::bigint, NULL::text, NULL::jsonb, NULL::float8, (SELECT count(*) FROM hits),
            ARRAY[\(names)]::text[] FROM w
            """,
            """
            SELECT \(Kind.hit)::bigint, p.id, r.fields, p.score, NULL::bigint, NULL::text[]
            FROM page p JOIN \(index.table) r ON r.id = p.id
            """,
        ]
        for (number, facet) in request.facets.enumerated() {
            let field = "(r.fields -> \(compiler.bind(.text(facet.field))))"
            let most = compiler.bind(.int8(Int64(clamping: max(0, facet.limit))))
            branches.append(
                """
                (SELECT \(Kind.facet + Int64(number))::bigint, value, NULL::jsonb, NULL::float8, count(*), NULL::text[]
                FROM (
                    SELECT DISTINCT h.id, (e.value #>> '{}') COLLATE "C" AS value
                    FROM hits h JOIN \(index.table) r ON r.id = h.id, LATERAL jsonb_array_elements(
                        CASE jsonb_typeof\(field) WHEN 'array' THEN \(field)
                        WHEN 'string' THEN jsonb_build_array\(field) ELSE '[]'::jsonb END) AS e (value)
                    WHERE jsonb_typeof(e.value) = 'string') AS held
                GROUP BY value ORDER BY count(*) DESC, value LIMIT \(most))
                """)
        }
        let sql = """
            WITH hits AS MATERIALIZED (
                SELECT r.id\(lengths)\(frequencies) FROM \(index.table) r WHERE \(condition)),
            w AS MATERIALIZED (\(weights)),
            page AS MATERIALIZED (
                SELECT id, score FROM (SELECT h.id, \(ranking.score { "h.n\($0)" }) AS score FROM hits h, w) AS scored
                WHERE \(behind) ORDER BY score DESC, id LIMIT \(limit))
            \(branches.joined(separator: "\nUNION ALL\n"))
            """
        return (sql, compiler.arguments, ranking)
    }

    private static func results(
        _ rows: PostgresRows, _ request: SearchRequest, _ index: PostgresSearchIndex, _ ranking: PostgresRanking
    ) throws(StoreError) -> SearchResults {
        var results = SearchResults(hits: [], total: 0)
        var weights: [Double] = []
        for facet in request.facets { results.facets[facet.field] = [] }
        for row in rows {
            switch try row.int(0) {
            case Kind.total:
                results.total = Int(try row.int(4))
                for text in try row.textArray(5) {
                    guard let number = text.flatMap(Double.init) else {
                        throw PostgresJSON.damaged("a weight is no number")
                    }
                    weights.append(number)
                }
            case Kind.hit:
                results.hits.append(
                    SearchHit(
                        id: try row.text(1), score: try row.double(3),
                        fields: try PostgresJSON.metadata(try row.json(2))))
            case let kind:
                let number = Int(kind - Kind.facet)
                guard request.facets.indices.contains(number) else {
                    throw PostgresJSON.damaged("a facet was not asked for")
                }
                results.facets[request.facets[number].field, default: []].append(
                    FacetValue(value: try row.text(1), count: Int(try row.int(4))))
            }
        }
        results.hits.sort {
            $0.score == $1.score ? PostgresKey.precedes($0.id, $1.id) : $0.score > $1.score
        }
        if results.hits.count > request.limit {
            results.hits.removeLast(results.hits.count - request.limit)
            if let last = results.hits.last {
                results.next = PostgresSearchPlace(score: last.score, id: last.id, weights: weights).cursor
            }
        }
        for name in request.highlight {
            guard case .text(let analyzer)? = index.spec.fields[name] else { continue }
            let highlighter = Highlighter(request.query, field: name, analyzer: analyzer)
            for place in results.hits.indices {
                let fragments = texts(results.hits[place].fields[name]).flatMap { highlighter.fragments(of: $0) }
                if !fragments.isEmpty { results.hits[place].highlights[name] = Array(fragments.prefix(3)) }
            }
        }
        return results
    }
}
