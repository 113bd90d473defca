import StoresCore

extension PostgresSessionDriver: StructuredSessionDriver {
    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int64
    {
        let now = context.now
        let change = PostgresExpiry(expiry, now)
        let rows: PostgresRows
        do throws(StoreError) {
            rows = try await pool.query(
                """
                INSERT INTO sessions AS s (key, kind, number, etag, expires_at)
                VALUES ($1, 1, $2, $3, CASE WHEN $5 THEN NULL ELSE $6::bigint END)
                ON CONFLICT (key) DO UPDATE SET kind = 1, value = NULL, content_type = NULL, elements = NULL,
                    number = CASE WHEN s.expires_at <= $4::bigint THEN $2 ELSE s.number + $2 END, etag = $3,
                    expires_at = CASE WHEN NOT $5 THEN $6::bigint WHEN s.expires_at > $4 THEN s.expires_at END
                WHERE s.kind = 1 OR s.expires_at <= $4
                RETURNING s.number
                """,
                [
                    .text(key), .int8(amount), .text(PostgresEtag.next()), .int8(now.millisecondsSinceEpoch),
                    .bool(change.keeps), .int8(change.instant),
                ], .write, deadline: context.deadline)
        } catch {
            guard error.sqlState == "22003" else { throw error }
            throw StoreError(
                .preconditionFailed, "the counter would leave the range of a 64-bit integer", resource: key,
                applied: .no, underlying: error.underlying)
        }
        guard let row = rows.first else { throw try await wrongKind(key, wanted: "a counter", context) }
        await purge(context)
        return try row.int(0)
    }

    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        guard keepLast >= 1 else {
            throw .invalidArgument("keepLast is at least 1; got \(keepLast)", resource: key)
        }
        let now = context.now
        let change = PostgresExpiry(expiry, now)
        let added = elements.suffix(keepLast)
        // Of the old elements only those that stay are taken; an array's subscripts begin with 1.
        let rows = try await pool.query(
            """
            INSERT INTO sessions AS s (key, kind, elements, etag, expires_at)
            SELECT $1, 2, $2, $3, CASE WHEN $5 THEN NULL ELSE $6::bigint END
            WHERE cardinality($2) > 0 OR EXISTS (SELECT FROM sessions WHERE key = $1
                AND (expires_at IS NULL OR expires_at > $4::bigint))
            ON CONFLICT (key) DO UPDATE SET kind = 2, value = NULL, content_type = NULL, number = NULL, etag = $3,
                elements = CASE WHEN s.expires_at <= $4 THEN $2 ELSE
                    s.elements[greatest(1, cardinality(s.elements) - $7::bigint + cardinality($2) + 1)::integer :] || $2
                    END,
                expires_at = CASE WHEN NOT $5 THEN $6::bigint WHEN s.expires_at > $4 THEN s.expires_at END
            WHERE s.kind = 2 OR s.expires_at <= $4
            RETURNING cardinality(s.elements)
            """,
            [
                .text(key), .bytesArray(Array(added)), .text(PostgresEtag.next()), .int8(now.millisecondsSinceEpoch),
                .bool(change.keeps), .int8(change.instant), .int8(Int64(min(keepLast, Int(Int32.max)))),
            ], .write, deadline: context.deadline)
        if let row = rows.first { return Int(clamping: try row.int(0)) }
        if let kind = try await kind(key, context), kind != .list { throw kind.refused(key, wanted: "a list") }
        return 0
    }

    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        let rows = try await pool.query(
            """
            SELECT kind, elements[greatest(1, cardinality(elements) - $3::bigint + 1)::integer :] FROM sessions
            WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)
            """,
            [
                .text(key), .int8(context.now.millisecondsSinceEpoch),
                .int8(Int64(max(0, min(count, Int(Int32.max))))),
            ], .read, deadline: context.deadline)
        guard let row = rows.first else { return nil }
        let kind = try PostgresSessionKind(row, 0, key)
        guard kind == .list else { throw kind.refused(key, wanted: "a list") }
        return try row.bytesArray(1).compactMap { $0 }
    }

    private func kind(_ key: String, _ context: CallContext) async throws(StoreError) -> PostgresSessionKind? {
        let rows = try await pool.query(
            "SELECT kind FROM sessions WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2)",
            [.text(key), .int8(context.now.millisecondsSinceEpoch)], .read, deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in try PostgresSessionKind(row, 0, key) }
    }

    private func wrongKind(_ key: String, wanted: String, _ context: CallContext) async throws(StoreError)
        -> StoreError
    {
        if let kind = try await kind(key, context) { return kind.refused(key, wanted: wanted) }
        return StoreError(
            .unavailable, "the key was changed by somebody else at the same moment", resource: key, applied: .no,
            isRetryable: true)
    }
}
