import StoresCore

extension PostgresVectorDriver {
    /// From so many records on, COPY is faster than a statement with arrays.
    private static let leastCopied = 1000

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await perform(target, context) { collection throws(StoreError) in
            // In the order of the ids, so that two batches never wait for each other in a circle.
            let sorted = Self.sorted(records)
            let failed =
                if sorted.count >= Self.leastCopied {
                    try await copy(sorted, collection, target.namespace, context)
                } else {
                    try await insert(sorted, collection, target.namespace, context)
                }
            collections.forgetSize(target.namespace, of: collection.id)
            var result = BulkResult(failed: failed)
            let ids = Set(failed.map { PostgresKey($0.id) })
            result.succeeded.reserveCapacity(records.count)
            for record in records where ids.isEmpty || !ids.contains(PostgresKey(record.id)) {
                result.succeeded.append(record.id)
            }
            return WriteReceipt(result: result, isSearchable: true)
        }
    }

    static func sorted(_ records: [VectorRecord]) -> [VectorRecord] {
        let places = records.indices.sorted { PostgresKey.precedes(records[$0].id, records[$1].id) }
        return places.map { records[$0] }
    }

    // MARK: - One statement

    /// - Returns: Records that Postgres or pgvector cannot hold; the others are written.
    private func insert(
        _ records: [VectorRecord], _ collection: PostgresCollection, _ namespace: String, _ context: CallContext
    ) async throws(StoreError) -> [BulkFailure] {
        var batch: [PostgresVectorWrite] = []
        var failed: [BulkFailure] = []
        batch.reserveCapacity(records.count)
        for record in records {
            do throws(StoreError) {
                batch.append(try PostgresVectorWrite(record, collection))
            } catch {
                failed.append(BulkFailure(id: record.id, error: error))
            }
        }
        if batch.isEmpty { return failed }
        _ = try await pool.query(
            """
            INSERT INTO \(collection.table) AS r (namespace, \(PostgresVectorWrite.columns))
            SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7) \(Self.replacing)
            """,
            [
                .text(namespace), .textArray(batch.map(\.record.id)), .vectorArray(batch.map(\.record.vector)),
                .jsonbArray(batch.map(\.metadata)), .textArray(batch.map(\.record.document)),
                .textArray(batch.map(\.words)), .int4Array(batch.map(\.wordCount)),
            ], .write, deadline: context.deadline)
        return failed
    }

    /// A record is replaced whole (V4).
    private static let replacing = """
        ON CONFLICT (namespace, id) DO UPDATE SET embedding = excluded.embedding, metadata = excluded.metadata,
        document = excluded.document, words = excluded.words, word_count = excluded.word_count
        """

    // MARK: - COPY

    /// Straight into the table when none of the ids is there, which a bulk load mostly is; else by a temporary table,
    /// since COPY cannot replace.
    private func copy(
        _ records: [VectorRecord], _ collection: PostgresCollection, _ namespace: String, _ context: CallContext
    ) async throws(StoreError) -> [BulkFailure] {
        do throws(StoreError) {
            return try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                if try await Self.areThere(records, collection, namespace, lease) {
                    return try await Self.copyAndReplace(records, collection, namespace, lease)
                }
                return try await Self.copy(
                    records, collection, into: "\(collection.table) (namespace, \(PostgresVectorWrite.columns))",
                    namespace, lease)
            }
        } catch {
            // Somebody else wrote one of the ids meanwhile.
            guard error.sqlState == "23505" else { throw error }
            return try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                try await Self.copyAndReplace(records, collection, namespace, lease)
            }
        }
    }

    /// Whether any of the records is. Of an empty namespace nothing more is asked.
    private static func areThere(
        _ records: [VectorRecord], _ collection: PostgresCollection, _ namespace: String, _ lease: PostgresLease
    ) async throws(StoreError) -> Bool {
        let any = try await lease.query(
            "SELECT EXISTS (SELECT FROM \(collection.table) WHERE namespace = $1)", [.text(namespace)])
        guard try any.first?.bool(0) != false else { return false }
        let known = try await lease.query(
            "SELECT EXISTS (SELECT FROM \(collection.table) WHERE namespace = $1 AND id = ANY ($2))",
            [.text(namespace), .textArray(records.map(\.id))])
        return try known.first?.bool(0) != false
    }

    private static func copyAndReplace(
        _ records: [VectorRecord], _ collection: PostgresCollection, _ namespace: String, _ lease: PostgresLease
    ) async throws(StoreError) -> [BulkFailure] {
        _ = try await lease.query(
            """
            CREATE TEMPORARY TABLE written (id text COLLATE "C", embedding vector, metadata jsonb, document text,
            words text, word_count integer) ON COMMIT DROP
            """, isPrepared: false)
        let failed = try await copy(
            records, collection, into: "pg_temp.written (\(PostgresVectorWrite.columns))", nil, lease)
        _ = try await lease.group([
            PostgresCommand(
                """
                INSERT INTO \(collection.table) AS r (namespace, \(PostgresVectorWrite.columns))
                SELECT $1, \(PostgresVectorWrite.columns) FROM pg_temp.written ORDER BY id \(replacing)
                """, [.text(namespace)], isPrepared: false),
            // Another batch of the same transaction makes it anew.
            PostgresCommand("DROP TABLE pg_temp.written", isPrepared: false),
        ])
        return failed
    }

    private static func copy(
        _ records: [VectorRecord], _ collection: PostgresCollection, into table: String, _ namespace: String?,
        _ lease: PostgresLease
    ) async throws(StoreError) -> [BulkFailure] {
        let rows = PostgresVectorCopy(records, collection, namespace, lease.pool.types)
        _ = try await lease.copyIn("COPY \(table) FROM STDIN (FORMAT binary)") { () throws(StoreError) in
            try rows.next()
        }
        return rows.failed
    }
}
