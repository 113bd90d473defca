import StoresCore

extension PostgresVectorDriver {
    /// Small namespaces are compared whole: exact, and no slower. Large ones are searched through the index; when it
    /// gives fewer matches than asked for, as it may behind a filter that few records pass, the namespace is compared
    /// whole after all, so that the result is complete (V9).
    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        guard query.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(query.limit)") }
        return try await perform(target, context) { collection throws(StoreError) in
            try Self.check(query.vector, collection)
            if try await usesIndex(collection, target, context) {
                let rows = try await run(query, target, collection, isExact: false, context)
                if rows.count >= query.limit { return try Self.matches(rows, query, collection) }
            }
            let rows = try await run(query, target, collection, isExact: true, context)
            return try Self.matches(rows, query, collection)
        }
    }

    static func check(_ vector: [Float], _ collection: PostgresCollection) throws(StoreError) {
        guard vector.count == collection.spec.dimensions else {
            throw .invalidArgument(
                "the query has \(vector.count) dimensions; the collection has \(collection.spec.dimensions)")
        }
        let isHalf = collection.options.quantization == .halfvec
        if let problem = PostgresVectorRange.problem(vector, collection.spec.metric, isHalf: isHalf) {
            throw .invalidArgument("the query vector \(problem)")
        }
    }

    func usesIndex(_ collection: PostgresCollection, _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError) -> Bool
    {
        guard collection.isIndexed, collection.options.index != .none else { return false }
        if let known = collections.isLarge(target.namespace, of: collection.id) { return known }
        // Comparing a namespace of r records takes r steps. The index finds k of a namespace among n records, which it
        // knows nothing of, after k · n / r: less as soon as r² exceeds k · n. k = 10 is what most ask for.
        let rows = try await pool.query(
            """
            WITH bound AS (
                SELECT greatest(\(PostgresCollections.leastIndexed), least(\(PostgresCollections.mostExact),
                    sqrt(10 * greatest(reltuples, 0))))::bigint AS most
                FROM pg_class WHERE oid = '\(collection.table)'::regclass)
            SELECT (SELECT most FROM bound), count(*) FROM (
                SELECT FROM \(collection.table) WHERE namespace = $1 LIMIT (SELECT most + 1 FROM bound)) AS few
            """, [.text(target.namespace)], .read, deadline: context.deadline)
        let isLarge = try rows.first.map { row throws(StoreError) in try row.int(1) > row.int(0) } ?? false
        collections.remember(target.namespace, of: collection.id, isLarge: isLarge)
        return isLarge
    }

    private func run(
        _ query: VectorQuery, _ target: VectorTarget, _ collection: PostgresCollection, isExact: Bool,
        _ context: CallContext
    ) async throws(StoreError) -> PostgresRows {
        var arguments = PostgresArguments([.vector(query.vector), .text(target.namespace)])
        let sql = try nearest(
            collection, target.collection.options, filter: query.filter, limit: query.limit,
            columns: Self.columns(query.include), names: Self.names(query.include), isExact: isExact, &arguments)
        return try await pool.query(
            sql, arguments.values, .read, isPrepared: query.filter == nil, deadline: context.deadline)
    }

    /// The nearest records' `id`, `distance` and what else is asked for, nearest first. Parameter 1 is the vector,
    /// parameter 2 the namespace.
    ///
    /// Through the index, the statement sets the server's search parameters itself, in conditions that the plan
    /// evaluates once before anything else: no round trip more, and nothing that a neighbour on the connection would
    /// see beyond the transaction. The index orders by distance alone, so ids decide afterwards.
    func nearest(
        _ collection: PostgresCollection, _ wishes: [String: String], filter: Filter?, limit: Int, columns: String,
        names: String, isExact: Bool, _ arguments: inout PostgresArguments
    ) throws(StoreError) -> String {
        let distance = "r.embedding \(collection.spec.metric.sqlOperator) $1"
        var conditions = ["r.namespace = $2"]
        if let filter { conditions.append(try Self.condition(filter, collection, &arguments)) }
        guard !isExact else {
            // An index knows the operator alone; the sum it does not.
            return """
                SELECT r.id, (\(distance)) + 0::float8 AS distance\(columns) FROM \(collection.table) r
                WHERE \(conditions.joined(separator: " AND ")) ORDER BY distance, r.id
                LIMIT \(arguments.bind(.int8(Int64(clamping: limit))))
                """
        }
        var options = collection.options
        if let wish = wishes["hnsw.ef_search"].flatMap({ Int($0) }) { options.hnswEfSearch = wish }
        if let wish = wishes["ivfflat.probes"].flatMap({ Int($0) }) { options.ivfflatProbes = wish }
        let isRanked = options.quantization == .halfvec
        let candidates = Self.rounded(isRanked ? max(min(limit, .max / 2) * 2, min(limit, .max - 20) + 20) : limit)
        let settings = options.settings(
            limit: candidates, isFiltered: filter != nil, hasIterativeScan: hasIterativeScan)
        for setting in settings {
            let value = arguments.bind(.text(setting.value))
            conditions.append("(SELECT set_config('\(setting.name)', \(value), true)) IS NOT NULL")
        }
        let dimensions = collection.spec.dimensions
        let order =
            "\(options.indexed("r.embedding", dimensions)) \(collection.spec.metric.sqlOperator) "
            + options.indexed("$1", dimensions)
        return """
            SELECT id, distance\(names) FROM (
                SELECT r.id, \(distance) AS distance\(columns) FROM \(collection.table) r
                WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT \(candidates)) AS nearest
            ORDER BY distance, id
            """
    }

    /// A limit stands in the text of a statement, for the planner's sake; few different ones, so that few are prepared.
    private static func rounded(_ limit: Int) -> Int {
        if limit <= 20 { return limit }
        return [50, 100, 200, 500, 1000, 2000, 5000, 10_000].first { $0 >= limit } ?? limit
    }

    private var hasIterativeScan: Bool {
        pool.types.vectorVersion.flatMap(PgvectorVersion.init)?.hasIterativeScan ?? false
    }

    private static func matches(_ rows: PostgresRows, _ query: VectorQuery, _ collection: PostgresCollection)
        throws(StoreError) -> VectorMatches
    {
        var matches: [VectorMatch] = []
        matches.reserveCapacity(min(rows.count, query.limit))
        for row in rows.prefix(query.limit) {
            let similarity = collection.spec.metric.similarity(ofDistance: try row.double(1))
            guard similarity >= query.minSimilarity ?? -.infinity else { break }
            let record = try record(row, query.include, from: 2)
            matches.append(
                VectorMatch(
                    id: record.id, similarity: similarity, metadata: record.metadata, document: record.document,
                    vector: record.vector))
        }
        return VectorMatches(matches: matches)
    }
}
