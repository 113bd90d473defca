import StoresCore

/// The search tier: documents as `jsonb`, their analysed words beside them.
struct PostgresSearchDriver: SearchDriver {
    let backend: PostgresBackend
    /// Of the transaction that its calls belong to. What it meets there is nobody else's to know.
    private let lease: PostgresLease?
    private let indexes = PostgresSearchIndexes()

    init(backend: PostgresBackend, lease: PostgresLease? = nil) {
        self.backend = backend
        self.lease = lease
    }

    var pool: PostgresAccess { PostgresAccess(pool: backend.pool, lease: lease) }

    /// Runs what needs the index's table. A table that another process has dropped is looked for once more.
    func perform<T: Sendable>(
        _ spec: SearchIndexSpec, _ context: CallContext,
        _ body: (PostgresSearchIndex) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        if let known = indexes.known(spec.name) {
            do throws(StoreError) {
                return try await body(known)
            } catch {
                guard error.isMissingTable else { throw error }
                indexes.forget(spec.name)
            }
        }
        guard let found = try await find(spec.name, context) else { throw Self.missing(spec.name) }
        indexes.remember(found)
        return try await body(found)
    }

    private func find(_ name: String, _ context: CallContext) async throws(StoreError) -> PostgresSearchIndex? {
        let rows = try await pool.query(
            "SELECT \(PostgresSearchIndex.columns) FROM search_indexes WHERE name = $1", [.text(name)], .read,
            deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in try PostgresSearchIndex(row) }
    }

    private static func missing(_ name: String) -> StoreError {
        StoreError(
            .notFound, "the index does not exist", remedy: "open it once with schema mode create", resource: name,
            applied: .no)
    }

    // MARK: - Indexes

    func ensureIndex(_ spec: SearchIndexSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> SearchIndexSpec
    {
        if mode == .off { return spec }
        if let found = try await find(spec.name, context) {
            indexes.remember(found)
            return found.spec
        }
        guard mode == .create else { throw Self.missing(spec.name) }
        let made = try await pool.transaction(deadline: context.deadline) {
            lease throws(StoreError) -> PostgresSearchIndex? in
            _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
            let inserted = try await lease.query(
                """
                INSERT INTO search_indexes (name, fields) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING
                RETURNING index_id
                """, [.text(spec.name), .jsonb(try PostgresSearchIndex.encode(spec.fields))])
            guard let id = try inserted.first?.int(0) else { return nil }
            let made = PostgresSearchIndex(id: id, spec: spec)
            _ = try await lease.group(made.createTable().map { PostgresCommand($0, isPrepared: false) })
            return made
        }
        // Somebody else may have been faster.
        let found: PostgresSearchIndex?
        if let made { found = made } else { found = try await find(spec.name, context) }
        guard let found else { throw Self.missing(spec.name) }
        indexes.remember(found)
        return found.spec
    }

    func indexes(context: CallContext) async throws(StoreError) -> [SearchIndexSpec] {
        let rows = try await pool.query(
            "SELECT \(PostgresSearchIndex.columns) FROM search_indexes ORDER BY name", .read,
            deadline: context.deadline)
        var specs: [SearchIndexSpec] = []
        for row in rows { specs.append(try PostgresSearchIndex(row).spec) }
        return specs
    }

    func dropIndex(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        let wasThere = try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
            _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
            let gone = try await lease.query(
                "DELETE FROM search_indexes WHERE name = $1 RETURNING index_id", [.text(name)])
            guard let id = try gone.first?.int(0) else { return false }
            _ = try await lease.query("DROP TABLE IF EXISTS \(PostgresSearchIndex.table(id))", isPrepared: false)
            return true
        }
        indexes.forget(name)
        return wasThere
    }

    // MARK: - Documents

    private struct Encoded: Sendable {
        var id: String
        var fields: [UInt8]
        var words: [(words: String, count: Int32)]
    }

    func upsert(
        _ documents: [SearchDocument], into index: SearchIndexSpec, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await perform(index, context) { index throws(StoreError) in
            var result = BulkResult()
            var batch: [Encoded] = []
            let textFields = index.textFields
            for document in documents {
                do throws(StoreError) {
                    var words: [(words: String, count: Int32)] = []
                    for field in textFields {
                        words.append(
                            try PostgresWords.encode(Self.texts(document.fields[field.name]), field.analyzer))
                    }
                    batch.append(
                        Encoded(id: document.id, fields: try PostgresJSON.encode(document.fields), words: words))
                    result.succeeded.append(document.id)
                } catch {
                    result.failed.append(BulkFailure(id: document.id, error: error))
                }
            }
            // In the order of the ids, so that two batches never wait for each other in a circle.
            batch.sort { PostgresKey.precedes($0.id, $1.id) }
            if !batch.isEmpty { try await write(batch, index, context) }
            return WriteReceipt(result: result, isSearchable: true)
        }
    }

    private func write(_ batch: [Encoded], _ index: PostgresSearchIndex, _ context: CallContext)
        async throws(StoreError)
    {
        var columns = ["id", "fields"]
        var arguments = PostgresArguments()
        var places = [
            arguments.bind(.textArray(batch.map(\.id))), arguments.bind(.jsonbArray(batch.map(\.fields))),
        ]
        for field in index.textFields {
            columns += [field.words, field.wordCount]
            places.append(arguments.bind(.textArray(batch.map { $0.words[field.number].words })))
            places.append(arguments.bind(.int4Array(batch.map { $0.words[field.number].count })))
        }
        let replaced = columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        _ = try await pool.query(
            """
            INSERT INTO \(index.table) (\(columns.joined(separator: ", ")))
            SELECT * FROM unnest(\(places.joined(separator: ", ")))
            ON CONFLICT (id) DO UPDATE SET \(replaced)
            """, arguments.values, .write, deadline: context.deadline)
    }

    /// The texts of a text field: one, or the texts of an array.
    static func texts(_ value: Value?) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap { texts($0) }
        default: []
        }
    }

    func get(_ ids: [String], from index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> [SearchDocument]
    {
        let rows = try await perform(index, context) { index throws(StoreError) in
            try await pool.query(
                "SELECT id, fields FROM \(index.table) WHERE id = ANY ($1)", [.textArray(ids)], .read,
                deadline: context.deadline)
        }
        var found: [[UInt8]: SearchDocument] = [:]
        for row in rows {
            let document = SearchDocument(id: try row.text(0), fields: try PostgresJSON.metadata(try row.json(1)))
            found[Array(document.id.utf8)] = document
        }
        return ids.compactMap { found[Array($0.utf8)] }
    }

    func delete(_ selection: RecordSelection, from index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> Int
    {
        try await perform(index, context) { index throws(StoreError) in
            var arguments = PostgresArguments()
            var condition = "true"
            var isPrepared = true
            switch selection {
            case .all: break
            case .ids(let ids): condition = "r.id = ANY (\(arguments.bind(.textArray(ids))))"
            case .filter(let filter):
                isPrepared = false
                condition = try PostgresFilter.condition(filter, column: "r.fields", &arguments)
            }
            return try await pool.query(
                "DELETE FROM \(index.table) r WHERE \(condition)", arguments.values, .write, isPrepared: isPrepared,
                deadline: context.deadline
            ).affected
        }
    }

    func count(where filter: Filter?, in index: SearchIndexSpec, context: CallContext) async throws(StoreError) -> Int {
        let rows = try await perform(index, context) { index throws(StoreError) in
            var arguments = PostgresArguments()
            var condition = "true"
            if let filter { condition = try PostgresFilter.condition(filter, column: "r.fields", &arguments) }
            return try await pool.query(
                "SELECT count(*) FROM \(index.table) r WHERE \(condition)", arguments.values, .read,
                isPrepared: filter == nil, deadline: context.deadline)
        }
        return Int(try rows.first?.int(0) ?? 0)
    }
}
