import StoresCore

/// The session tier: a row for each key. An operation on one key is one statement; its conditions stand in the
/// statement, where the row's lock makes them hold until the commit.
struct PostgresSessionDriver: SessionDriver {
    let backend: PostgresBackend
    /// Of the transaction that its calls belong to.
    var lease: PostgresLease?

    var pool: PostgresAccess { PostgresAccess(pool: backend.pool, lease: lease) }

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        if keys.isEmpty { return [] }
        if keys.count == 1, lease == nil { return [try await backend.sessionReader.get(keys[0], context: context)] }
        let answers = try await pool.group(
            [PostgresSessionEntries.select(keys)], .read, deadline: context.deadline)
        var entries: [SessionEntry?] = []
        entries.reserveCapacity(keys.count)
        for entry in try PostgresSessionEntries.read(answers[0], keys, { ($0, context.now) }) {
            entries.append(try entry.get())
        }
        return entries
    }

    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        if writes.isEmpty { return [] }
        let now = context.now
        var results = [Result<SessionReceipt, StoreError>?](repeating: nil, count: writes.count)
        var commands: [(index: Int, command: PostgresCommand, etag: String)] = []
        // By key: two batches that meet lock their rows in the same order.
        for index in writes.indices.sorted(by: { Self.isBefore(writes[$0].key, $0, writes[$1].key, $1) }) {
            do throws(StoreError) {
                let etag = PostgresEtag.next()
                commands.append((index, try PostgresSessionWrites.command(writes[index], etag: etag, now: now), etag))
            } catch {
                results[index] = .failure(error)
            }
        }
        let rows = try await pool.group(commands.map(\.command), .write, deadline: context.deadline)
        var refused: [Int] = []
        for (written, answer) in zip(commands, rows) {
            if let row = answer.first {
                results[written.index] = .success(
                    SessionReceipt(etag: written.etag, expiresAt: try row.optionalTimestamp(0)))
            } else {
                refused.append(written.index)
            }
        }
        if !refused.isEmpty {
            do throws(StoreError) {
                let reasons = try await PostgresSessionRefusals(
                    pool: pool, writes: refused.map { writes[$0] }, now: now, deadline: context.deadline)
                for index in refused { results[index] = .failure(reasons.reason(for: writes[index])) }
            } catch {
                // The others are committed: who is told of an error would write them again.
                for index in refused { results[index] = .failure(error.notApplied) }
            }
        }
        await purge(context)
        return results.map { $0 ?? .failure(StoreError(.internal, "a write has no outcome", applied: .unknown)) }
    }

    private static func isBefore(_ left: String, _ leftIndex: Int, _ right: String, _ rightIndex: Int) -> Bool {
        if left.utf8.elementsEqual(right.utf8) { return leftIndex < rightIndex }
        return PostgresKey.precedes(left, right)
    }

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError)
        -> [Bool]
    {
        if keys.isEmpty { return [] }
        if condition != .none {
            let outcomes = try await transact(
                keys.map { .delete(key: $0, condition: condition) }, context: context)
            return outcomes.map { $0 == .deleted(true) }
        }
        let rows = try await pool.query(
            """
            DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE key = ANY ($1) ORDER BY key FOR UPDATE)
            RETURNING key, expires_at IS NULL OR expires_at > $2
            """, [.textArray(keys), .int8(context.now.millisecondsSinceEpoch)], .write, deadline: context.deadline)
        var found: Set<PostgresKey> = []
        for row in rows where try row.bool(1) { found.insert(PostgresKey(try row.text(0))) }
        // The same key twice: the second time it is gone.
        return keys.map { found.remove(PostgresKey($0)) != nil }
    }

    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else { throw .invalidArgument("a prefix to delete by is not empty") }
        let rows = try await pool.query(
            """
            WITH gone AS (DELETE FROM sessions WHERE key IN (SELECT key FROM sessions
                WHERE key = $1 OR key >= $2 AND key < $3 ORDER BY key FOR UPDATE)
                RETURNING expires_at)
            SELECT count(*) FROM gone WHERE expires_at IS NULL OR expires_at > $4
            """,
            [
                .text(prefix), .text(prefix + "/"), .text(prefix + "0"), .int8(context.now.millisecondsSinceEpoch),
            ], .write, deadline: context.deadline)
        return Int(clamping: try rows.first?.int(0) ?? 0)
    }

    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try cursor.map { cursor throws(StoreError) in try CursorCodec.text(cursor) } ?? ""
        let more = Int64(min(limit, .max - 1)) + 1
        let visible = "(expires_at IS NULL OR expires_at > $3)"
        let now = PostgresParameter.int8(context.now.millisecondsSinceEpoch)
        let rows =
            if let prefix {
                // The digit 0 comes after the slash.
                try await pool.query(
                    """
                    (SELECT key FROM sessions WHERE key = $4 AND key > $1 AND \(visible))
                    UNION ALL
                    (SELECT key FROM sessions WHERE key >= $5 AND key < $6 AND key > $1 AND \(visible)
                    ORDER BY key LIMIT $2)
                    ORDER BY key LIMIT $2
                    """,
                    [.text(after), .int8(more), now, .text(prefix), .text(prefix + "/"), .text(prefix + "0")], .read,
                    deadline: context.deadline)
            } else {
                try await pool.query(
                    "SELECT key FROM sessions WHERE key > $1 AND \(visible) ORDER BY key LIMIT $2",
                    [.text(after), .int8(more), now], .read, deadline: context.deadline)
            }
        var keys: [String] = []
        for row in rows { keys.append(try row.text(0)) }
        guard keys.count > limit else { return Page(items: keys, next: nil) }
        keys.removeLast(keys.count - limit)
        return Page(items: keys, next: keys.last.map { CursorCodec.encode([$0]) })
    }

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        let now = context.now
        let change = PostgresExpiry(expiry, now)
        let rows = try await pool.query(
            """
            UPDATE sessions SET expires_at = CASE WHEN $3 THEN expires_at ELSE $4 END
            WHERE key = $1 AND (expires_at IS NULL OR expires_at > $2) RETURNING expires_at
            """, [.text(key), .int8(now.millisecondsSinceEpoch), .bool(change.keeps), .int8(change.instant)], .write,
            deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in
            SessionTouch(expiresAt: try row.optionalTimestamp(0))
        }
    }

    /// Frees what has expired: some rows, now and then, without waiting for anybody's lock. Nobody depends on it.
    func purge(_ context: CallContext) async {
        guard lease == nil, backend.purge.isDue else { return }
        _ = try? await pool.query(
            """
            DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE expires_at <= $1
                ORDER BY expires_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
            """, [.int8(context.now.millisecondsSinceEpoch)], .write,
            deadline: min(context.deadline, .after(.seconds(2))))
    }
}
