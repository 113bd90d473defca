import StoresCore

extension PostgresVectorDriver {
    /// From so many records on, COPY is faster than a statement with arrays.
    private static let leastCopied = 1000

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await perform(target, context) { collection throws(StoreError) in
            var result = BulkResult()
            var batch: [PostgresVectorWrite] = []
            batch.reserveCapacity(records.count)
            for record in records {
                do throws(StoreError) {
                    batch.append(try PostgresVectorWrite(record, collection))
                    result.succeeded.append(record.id)
                } catch {
                    result.failed.append(BulkFailure(id: record.id, error: error))
                }
            }
            // In the order of the ids, so that two batches never wait for each other in a circle.
            batch.sort { $0.record.id.utf8.lexicographicallyPrecedes($1.record.id.utf8) }
            if batch.count >= Self.leastCopied {
                try await copy(batch, collection, target.namespace, context)
            } else if !batch.isEmpty {
                try await insert(batch, collection, target.namespace, context)
            }
            collections.forgetSize(target.namespace, of: collection.id)
            return WriteReceipt(result: result, isSearchable: true)
        }
    }

    // MARK: - One statement

    private func insert(
        _ batch: [PostgresVectorWrite], _ collection: PostgresCollection, _ namespace: String, _ context: CallContext
    ) async throws(StoreError) {
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
        _ batch: [PostgresVectorWrite], _ collection: PostgresCollection, _ namespace: String, _ context: CallContext
    ) async throws(StoreError) {
        let types = pool.types
        do throws(StoreError) {
            try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                let known = try await lease.query(
                    """
                    SELECT EXISTS (SELECT FROM \(collection.table) WHERE namespace = $1)
                        AND EXISTS (SELECT FROM \(collection.table) WHERE namespace = $1 AND id = ANY ($2))
                    """,
                    [.text(namespace), .textArray(batch.map(\.record.id))])
                if try known.first?.bool(0) == false {
                    try await Self.copy(
                        batch, into: "\(collection.table) (namespace, \(PostgresVectorWrite.columns))", namespace,
                        types, lease)
                } else {
                    try await Self.copyAndReplace(batch, collection, namespace, types, lease)
                }
            }
        } catch {
            // Somebody else wrote one of the ids meanwhile.
            guard error.sqlState == "23505" else { throw error }
            try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                try await Self.copyAndReplace(batch, collection, namespace, types, lease)
            }
        }
    }

    private static func copyAndReplace(
        _ batch: [PostgresVectorWrite], _ collection: PostgresCollection, _ namespace: String, _ types: PostgresTypes,
        _ lease: PostgresLease
    ) async throws(StoreError) {
        _ = try await lease.query(
            """
            CREATE TEMPORARY TABLE written (id text COLLATE "C", embedding vector, metadata jsonb, document text,
            words text, word_count integer) ON COMMIT DROP
            """, isPrepared: false)
        try await copy(batch, into: "pg_temp.written (\(PostgresVectorWrite.columns))", nil, types, lease)
        _ = try await lease.group([
            PostgresCommand(
                """
                INSERT INTO \(collection.table) AS r (namespace, \(PostgresVectorWrite.columns))
                SELECT $1, \(PostgresVectorWrite.columns) FROM pg_temp.written ORDER BY id \(replacing)
                """, [.text(namespace)], isPrepared: false),
            // Another batch of the same transaction makes it anew.
            PostgresCommand("DROP TABLE pg_temp.written", isPrepared: false),
        ])
    }

    private static func copy(
        _ batch: [PostgresVectorWrite], into table: String, _ namespace: String?, _ types: PostgresTypes,
        _ lease: PostgresLease
    ) async throws(StoreError) {
        let rows = PostgresVectorCopy(batch, namespace, types)
        _ = try await lease.copyIn("COPY \(table) FROM STDIN (FORMAT binary)") { () throws(StoreError) in
            try rows.next()
        }
    }
}
