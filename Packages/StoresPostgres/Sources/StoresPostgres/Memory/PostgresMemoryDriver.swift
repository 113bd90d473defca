import StoresCore

/// The memory tier. A fact and its line of history are written by one statement, and so is a whole batch.
struct PostgresMemoryDriver: MemoryDriver {
    let backend: PostgresBackend
    /// Of the transaction that its calls belong to.
    var lease: PostgresLease?

    var pool: PostgresAccess { PostgresAccess(pool: backend.pool, lease: lease) }

    // MARK: - Writing

    func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>] {
        let now = context.now
        let encoded = puts.map { put in
            Result<PostgresFactWrite, StoreError> { () throws(StoreError) in try PostgresFactWrite(put) }
        }
        let writes = encoded.compactMap { try? $0.get() }
        if writes.isEmpty { return encoded.map { $0.map { $0.fact(createdAt: now, now: now, version: 0) } } }
        let rows = try await pool.query(
            PostgresFactWrite.statement, PostgresFactWrite.parameters(writes, now: now), .write,
            deadline: context.deadline)
        var results: [Result<Fact, StoreError>?] = Array(repeating: nil, count: writes.count)
        for row in rows {
            let place = Int(try row.int(0)) - 1
            guard writes.indices.contains(place) else {
                throw PostgresJSON.damaged("put_facts answers what was not asked")
            }
            let (write, version) = (writes[place], try row.int(3))
            results[place] =
                if try row.bool(1) {
                    .success(
                        write.fact(
                            createdAt: Timestamp(millisecondsSinceEpoch: try row.int(2)), now: now, version: version))
                } else {
                    .failure(Self.conflict(write.put.draft.id, write.put.ifVersion ?? 0, version))
                }
        }
        var stored = results.makeIterator()
        return encoded.map { item in
            item.flatMap { _ in
                (stored.next() ?? nil)
                    ?? .failure(StoreError(.internal, "put_facts left a fact out", applied: .unknown))
            }
        }
    }

    private static func conflict(_ id: String, _ wanted: Int64, _ current: Int64) -> StoreError {
        let wish = wanted == 0 ? "the fact must not exist yet" : "the fact must be at version \(wanted)"
        return StoreError(
            .conflict, "\(wish); \(current == 0 ? "it does not exist" : "it is at version \(current)")",
            remedy: "read the fact again and repeat the write with its version", resource: id, applied: .no,
            conflict: .version(current: current))
    }

    func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext) async throws(StoreError) -> Bool {
        var arguments = PostgresArguments()
        let now = context.now
        let key = arguments.bind(.bytes(try PostgresScope(scope).key))
        let identity = "f.scope = \(key) AND f.id = \(arguments.bind(.text(id)))"
        let visible = PostgresFactRow.visible(now, &arguments)
        let version = arguments.bind(.int8(ifVersion))
        let at = arguments.bind(.int8(now.millisecondsSinceEpoch))
        // Who comes second waits for the row and looks again; a version that was read in vain is read once more.
        for _ in 0..<8 {
            let rows = try await pool.query(
                """
                WITH seen AS (SELECT f.version FROM facts f WHERE \(identity) AND \(visible)),
                gone AS (
                    UPDATE facts f SET is_deleted = true, embedding = NULL, words = '', word_count = 0
                    WHERE \(identity) AND \(visible) AND (\(version) IS NULL OR f.version = \(version))
                    RETURNING f.*),
                line AS (
                    INSERT INTO fact_history (scope, id, change, at, content, attributes, created_at, updated_at,
                    version, expires_at, source)
                    SELECT scope, id, 'delete', \(at), content, attributes, created_at, updated_at, version,
                    expires_at, source FROM gone)
                SELECT (SELECT count(*) FROM gone), (SELECT version FROM seen)
                """,
                arguments.values, .write, deadline: context.deadline)
            guard let row = rows.first else { throw PostgresJSON.damaged("a delete has no answer") }
            if try row.int(0) > 0 { return true }
            guard let current = try row.optionalInt(1) else { return false }
            if let ifVersion, current != ifVersion { throw Self.conflict(id, ifVersion, current) }
        }
        throw StoreError(
            .unavailable, "others write the fact faster than it can be deleted", remedy: "try again", applied: .no)
    }

    func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int {
        let scope = try PostgresScope(scope)
        var arguments = PostgresArguments()
        let within = scope.condition(.subtree, &arguments)
        let visible = PostgresFactRow.visible(context.now, &arguments)
        var lines = PostgresArguments()
        let near = scope.keyCondition("h.scope", &lines)
        // Two statements: the second sees the lines of those who wrote while the first one waited for them.
        let found = try await pool.group(
            [
                PostgresCommand(
                    """
                    WITH gone AS (DELETE FROM facts f WHERE \(within) RETURNING \(visible) AS was_visible)
                    SELECT count(*) FILTER (WHERE was_visible) FROM gone
                    """, arguments.values),
                PostgresCommand(
                    """
                    DELETE FROM fact_history h WHERE \(near)
                    AND NOT EXISTS (SELECT FROM facts f WHERE f.scope = h.scope AND f.id = h.id)
                    """, lines.values),
            ], .write, deadline: context.deadline)
        return Int(try found[0].first?.int(0) ?? 0)
    }

    func sweep(context: CallContext) async throws(StoreError) -> Int {
        let rows = try await pool.query(
            """
            WITH gone AS (DELETE FROM facts WHERE expires_at <= $1 RETURNING scope, id, is_deleted),
            lines AS (DELETE FROM fact_history h USING gone g WHERE h.scope = g.scope AND h.id = g.id)
            SELECT count(*) FILTER (WHERE NOT is_deleted) FROM gone
            """, [.int8(context.now.millisecondsSinceEpoch)], .write, deadline: context.deadline)
        return Int(try rows.first?.int(0) ?? 0)
    }

    // MARK: - Reading

    func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact] {
        var arguments = PostgresArguments()
        let key = arguments.bind(.bytes(try PostgresScope(scope).key))
        let wanted = arguments.bind(.textArray(ids))
        let visible = PostgresFactRow.visible(context.now, &arguments)
        let rows = try await pool.query(
            """
            SELECT \(PostgresFactRow.columns) FROM facts f
            WHERE f.scope = \(key) AND f.id = ANY (\(wanted)) AND \(visible)
            """, arguments.values, .read, deadline: context.deadline)
        var found: [[UInt8]: Fact] = [:]
        for row in rows {
            let fact = try PostgresFactRow.fact(row)
            found[Array(fact.id.utf8)] = fact
        }
        return ids.compactMap { found[Array($0.utf8)] }
    }

    func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision] {
        let rows = try await pool.query(
            """
            SELECT h.scope, f.long_scope, h.id, h.content, h.attributes, h.created_at, h.updated_at, h.version,
            h.expires_at, h.source, h.change, h.at
            FROM facts f JOIN fact_history h ON h.scope = f.scope AND h.id = f.id
            WHERE f.scope = $1 AND f.id = $2 AND (f.expires_at IS NULL OR f.expires_at > $3) ORDER BY h.line
            """,
            [
                .bytes(try PostgresScope(scope).key), .text(id), .int8(context.now.millisecondsSinceEpoch),
            ], .read, deadline: context.deadline)
        var lines: [FactRevision] = []
        for row in rows {
            guard let change = FactRevision.Change(rawValue: try row.text(10)) else {
                throw PostgresJSON.damaged("a line of history is of an unknown kind")
            }
            lines.append(
                FactRevision(
                    change: change, fact: try PostgresFactRow.fact(row),
                    at: Timestamp(millisecondsSinceEpoch: try row.int(11))))
        }
        return lines
    }

    func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact> {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        var arguments = PostgresArguments()
        var conditions = [try PostgresScope(request.scope).condition(request.depth, &arguments)]
        conditions.append(PostgresFactRow.visible(context.now, &arguments))
        if let cursor = request.cursor {
            let place = try CursorCodec.bytes(cursor, parts: 2...2)
            let scope = arguments.bind(.bytes(place[0]))
            let id = arguments.bind(.text(String(decoding: place[1], as: UTF8.self)))
            conditions.append("(f.scope, f.id) > (\(scope), \(id))")
        }
        if let filter = request.filter {
            conditions.append(try PostgresFilter.condition(filter, column: "f.attributes", &arguments))
        }
        let limit = arguments.bind(.int8(Int64(min(request.limit, .max - 1)) + 1))
        let rows = try await pool.query(
            """
            SELECT \(PostgresFactRow.columns) FROM facts f WHERE \(conditions.joined(separator: " AND "))
            ORDER BY f.scope, f.id LIMIT \(limit)
            """, arguments.values, .read, isPrepared: request.filter == nil, deadline: context.deadline)
        var page = Page<Fact>(items: [], next: nil)
        for row in rows.prefix(request.limit) { page.items.append(try PostgresFactRow.fact(row)) }
        if rows.count > request.limit, let last = page.items.last {
            page.next = CursorCodec.encode([try PostgresScope(last.scope).key, Array(last.id.utf8)])
        }
        return page
    }
}
