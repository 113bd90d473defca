#if SQLite
import StoresCore

/// The memory tier. A fact and its line of history are written in one transaction; so is a whole batch.
struct SQLiteMemoryDriver: MemoryDriver {
    let backend: SQLiteBackend

    private func read<T: Sendable>(
        _ context: CallContext, _ body: @escaping @Sendable (SQLiteFacts) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            try body(SQLiteFacts(connection: connection, now: context.now))
        }
    }

    private func write<T: Sendable>(
        _ context: CallContext, _ body: @escaping @Sendable (SQLiteFacts) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await backend.write(context) { (connection) throws(StoreError) in
            // The time is read here, with the lock held, not when the call began to wait for its turn.
            try body(SQLiteFacts(connection: connection, now: context.now))
        }
    }

    func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>] {
        if puts.isEmpty { return [] }
        let rows = await FactRow.rows(puts)
        return try await write(context) { (facts) throws(StoreError) in try facts.put(rows) }
    }

    func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact] {
        let scope = try SQLiteCodec.encode(scope)
        return try await read(context) { (facts) throws(StoreError) in
            var found: [Fact] = []
            for id in ids { if let stored = try facts.visible(id, scope) { found.append(stored.fact) } }
            return found
        }
    }

    func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext) async throws(StoreError)
        -> Bool
    {
        let scope = try SQLiteCodec.encode(scope)
        return try await write(context) { (facts) throws(StoreError) in
            guard let stored = try facts.visible(id, scope) else { return false }
            if let ifVersion, ifVersion != stored.fact.version {
                throw SQLiteFacts.conflict(id, ifVersion, stored.fact.version)
            }
            try facts.markDeleted(stored)
            return true
        }
    }

    func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision] {
        let encoded = try SQLiteCodec.encode(scope)
        return try await read(context) { (facts) throws(StoreError) in
            guard let stored = try facts.find(id, encoded), !facts.isExpired(stored.fact) else { return [] }
            return try facts.lines(id, scope, stored.rowID)
        }
    }

    func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int {
        let range = try FactRange(scope, .subtree)
        return try await write(context) { (facts) throws(StoreError) in
            let rows = try facts.connection.all(
                """
                SELECT f.fact_id, \(SQLiteFacts.visible(3)) FROM stores_facts f
                WHERE f.scope >= ?1 AND f.scope < ?2
                """,
                facts.bounds(range)
            ) { (rowID: $0.int(0), isVisible: $0.int(1) != 0) }
            for row in rows { try facts.erase(row.rowID) }
            return rows.count { $0.isVisible }
        }
    }

    func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact> {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        let range = try FactRange(request.scope, request.depth)
        var after: [[UInt8]] = [[], []]
        if let cursor = request.cursor { after = try CursorCodec.bytes(cursor, parts: 2...2) }
        let values: [SQLiteValue] = [
            .bytes(after[0]), .textBytes(after[1]),
            .int(Int64(request.limit).addingReportingOverflow(1).partialValue),
        ]
        let filter = try request.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "f.attributes", firstParameter: 3 + values.count + 1)
        }
        return try await read(context) { (facts) throws(StoreError) in
            var found = try facts.connection.all(
                """
                SELECT \(SQLiteFacts.columns) FROM stores_facts f
                WHERE f.scope >= ?1 AND f.scope < ?2 AND \(SQLiteFacts.visible(3)) AND (f.scope, f.id) > (?4, ?5)
                \(filter.map { "AND \($0.condition)" } ?? "")
                ORDER BY f.scope, f.id LIMIT ?6
                """,
                facts.bounds(range) + values + (filter?.values ?? []), cached: filter == nil
            ) { (row) throws(StoreError) in try facts.stored(row).fact }
            guard found.count > request.limit else { return Page(items: found, next: nil) }
            found.removeLast()
            guard let last = found.last else { return Page(items: found, next: nil) }
            let cursor = CursorCodec.encode([try SQLiteCodec.encode(last.scope), Array(last.id.utf8)])
            return Page(items: found, next: cursor)
        }
    }

    func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        switch request.cue {
        case .text(let text): return try await recall(text: text, request, context)
        case .vector(let vector): return try await recall(vector: vector, request, context)
        }
    }

    private func recall(text: String, _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        let words = TextAnalyzer.standard.terms(text)
        guard !words.isEmpty else { return FactMatches(matches: []) }
        let range = try FactRange(request.scope, request.depth)
        let values: [SQLiteValue] = [.text(SQLiteWords.any(words)), SQLiteValue(request.limit)]
        let filter = try request.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "f.attributes", firstParameter: 3 + values.count + 1)
        }
        return try await read(context) { (facts) throws(StoreError) in
            let found = try facts.connection.all(
                """
                SELECT \(SQLiteFacts.columns)
                FROM stores_fact_words CROSS JOIN stores_facts f ON f.fact_id = stores_fact_words.rowid
                WHERE stores_fact_words MATCH ?4 AND f.scope >= ?1 AND f.scope < ?2 AND \(SQLiteFacts.visible(3))
                \(filter.map { "AND \($0.condition)" } ?? "")
                ORDER BY bm25(stores_fact_words), f.scope, f.id LIMIT ?5
                """,
                facts.bounds(range) + values + (filter?.values ?? []), cached: filter == nil
            ) { (row) throws(StoreError) in FactMatch(fact: try facts.stored(row).fact) }
            return FactMatches(matches: found)
        }
    }

    private func recall(vector: [Float], _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        let norm = VectorMath.norm(vector)
        guard norm > 0, norm.isFinite else {
            throw .invalidArgument("the vector to recall by is not finite or has length 0")
        }
        let length = SQLiteValue(vector.count * 4)
        let range = try FactRange(request.scope, request.depth)
        let filter = try request.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "f.attributes", firstParameter: 5)
        }
        return try await read(context) { (facts) throws(StoreError) in
            let connection = facts.connection
            var nearest = NearestRecords(limit: request.limit) { (rowID) throws(StoreError) in
                // The order of scope and then id: the encoding of a scope is no beginning of another's with a NUL.
                try connection.first("SELECT scope, id FROM stores_facts WHERE fact_id = ?1", [.int(rowID)]) {
                    $0.bytes(0) + [0] + $0.bytes(1)
                } ?? []
            }
            try connection.each(
                """
                SELECT f.fact_id, f.embedding FROM stores_facts f
                WHERE f.scope >= ?1 AND f.scope < ?2 AND \(SQLiteFacts.visible(3)) AND length(f.embedding) = ?4
                \(filter.map { "AND \($0.condition)" } ?? "")
                """,
                facts.bounds(range) + [length] + (filter?.values ?? []), cached: filter == nil
            ) { (row) throws(StoreError) in
                let stored = row.unowned(1)
                let dot = vector.withUnsafeBufferPointer { VectorMath.dot(stored, $0) }
                let similarity = dot / (norm * VectorMath.norm(stored))
                // An embedding of length 0 has no direction.
                if similarity.isFinite, similarity >= request.minSimilarity ?? -.infinity {
                    try nearest.offer(row.int(0), similarity)
                }
                return true
            }
            var matches: [FactMatch] = []
            for candidate in try nearest.sorted() {
                let fact = try connection.first(
                    "SELECT \(SQLiteFacts.columns) FROM stores_facts f WHERE f.fact_id = ?1",
                    [.int(candidate.record)]
                ) { (row) throws(StoreError) in try facts.stored(row).fact }
                guard let fact else { throw .corruptFile(connection.path, "a fact is missing") }
                matches.append(
                    FactMatch(
                        fact: fact, similarity: candidate.similarity, score: (1 + candidate.similarity) / 2))
            }
            return FactMatches(matches: matches)
        }
    }

    func sweep(context: CallContext) async throws(StoreError) -> Int {
        try await write(context) { (facts) throws(StoreError) in
            let rows = try facts.connection.all(
                "SELECT fact_id, is_deleted FROM stores_facts WHERE expires_at <= ?1",
                [.int(facts.now.millisecondsSinceEpoch)]
            ) { (rowID: $0.int(0), isDeleted: $0.int(1) != 0) }
            for row in rows { try facts.erase(row.rowID) }
            return rows.count { !$0.isDeleted }
        }
    }
}
#endif
