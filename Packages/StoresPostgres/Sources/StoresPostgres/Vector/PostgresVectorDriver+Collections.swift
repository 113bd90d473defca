import StoresCore

extension PostgresVectorDriver {
    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        if mode == .off { return spec }
        let options = try PostgresCollectionOptions(spec.options)
        try options.check(dimensions: spec.dimensions)
        if options.quantization == .halfvec, pool.types.halfvec == nil {
            throw StoreError(
                .unsupported, "this server's pgvector has no halfvec",
                remedy: "install pgvector 0.7 or later and run: ALTER EXTENSION vector UPDATE", applied: .no)
        }
        if let found = try await find(spec.name, context) {
            return try await verified(found, spec, options, mode, context).spec
        }
        guard mode == .create else { throw Self.missing(spec.name) }
        let made = try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
            try await Self.create(spec, options, lease)
        }
        if let made {
            collections.remember(made)
            return made.spec
        }
        // Somebody else was faster.
        guard let found = try await find(spec.name, context) else { throw Self.missing(spec.name) }
        return try await verified(found, spec, options, mode, context).spec
    }

    /// - Returns: Nil when it is there by now.
    private static func create(
        _ spec: VectorCollectionSpec, _ options: PostgresCollectionOptions, _ lease: PostgresLease
    ) async throws(StoreError) -> PostgresCollection? {
        _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
        let isIndexed = options.index != .none && options.build == .now
        let inserted = try await lease.query(
            """
            INSERT INTO vector_collections (name, dimensions, metric, has_unit_vectors, fields, options, is_indexed)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING RETURNING collection_id
            """,
            [
                .text(spec.name), .int4(Int32(clamping: spec.dimensions)), .text(spec.metric.rawValue),
                .bool(spec.hasUnitVectors), .jsonb(try PostgresCollection.encode(spec.fields)),
                .jsonb(try PostgresJSON.encode(spec.options)), .bool(isIndexed),
            ])
        guard let id = try inserted.first?.int(0) else { return nil }
        let made = PostgresCollection(id: id, spec: spec, options: options, isIndexed: isIndexed)
        _ = try await lease.group(made.createTable().map { PostgresCommand($0, isPrepared: false) })
        return made
    }

    /// What is there, when it is built as wanted; with the index that was to be built later, when it is time.
    private func verified(
        _ found: PostgresCollection, _ wanted: VectorCollectionSpec, _ options: PostgresCollectionOptions,
        _ mode: SchemaMode, _ context: CallContext
    ) async throws(StoreError) -> PostgresCollection {
        var found = found
        // Another shape is the core's to refuse. Who names no options takes the index as it is.
        if found.spec.shape == wanted.shape, !wanted.options.isEmpty, found.options.shape != options.shape {
            throw StoreError(
                .schemaMismatch,
                "the collection exists with \(found.options.shape), and is wanted with \(options.shape)",
                remedy: "leave the options out, or drop the collection with dropCollection and fill it anew",
                resource: wanted.name, applied: .no,
                conflict: .schema(found: found.options.shape, wanted: options.shape))
        }
        if mode == .create, !found.isIndexed, found.options.index != .none {
            found.isIndexed = try await buildIndex(of: found, context)
        }
        collections.remember(found)
        return found
    }

    /// Builds an index that was to come later.
    ///
    /// - Returns: False while there are too few records.
    private func buildIndex(of collection: PostgresCollection, _ context: CallContext) async throws(StoreError) -> Bool
    {
        let enough = PostgresCollectionOptions.minRecordsToBuild
        let rows = try await pool.query(
            "SELECT count(*) FROM (SELECT FROM \(collection.table) LIMIT $1) AS few", [.int8(enough)], .read,
            deadline: context.deadline)
        guard try rows.first?.int(0) ?? 0 >= enough else { return false }
        return try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
            _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
            let count = try await lease.query("SELECT count(*) FROM \(collection.table)").first?.int(0) ?? 0
            guard let create = collection.options.createIndex(of: collection.table, collection.spec, records: count)
            else { return false }
            _ = try await lease.query(create, isPrepared: false)
            _ = try await lease.query(
                "UPDATE vector_collections SET is_indexed = true WHERE collection_id = $1", [.int8(collection.id)])
            return true
        }
    }

    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        let rows = try await pool.query(
            "SELECT \(PostgresCollection.columns) FROM vector_collections ORDER BY name", .read,
            deadline: context.deadline)
        var specs: [VectorCollectionSpec] = []
        for row in rows { specs.append(try PostgresCollection(row).spec) }
        return specs
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        let wasThere = try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
            _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
            let gone = try await lease.query(
                "DELETE FROM vector_collections WHERE name = $1 RETURNING collection_id", [.text(name)])
            guard let id = try gone.first?.int(0) else { return false }
            _ = try await lease.query("DROP TABLE IF EXISTS \(PostgresCollection.table(id))", isPrepared: false)
            return true
        }
        collections.forget(name)
        return wasThere
    }
}
