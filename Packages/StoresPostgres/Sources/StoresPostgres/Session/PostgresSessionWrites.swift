import StoresCore

/// The statements that write a value. Each returns `expires_at` when it has written, and no row when its condition, its
/// lease or what the key holds forbade it.
enum PostgresSessionWrites {
    static func command(_ write: SessionWrite, etag: String, now: Timestamp) throws(StoreError) -> PostgresCommand {
        let change = PostgresExpiry(write.expiry, now)
        var parameters: [PostgresParameter] = [
            .text(write.key), .bytes(write.value.bytes), .text(write.value.contentType), .text(etag),
            .int8(now.millisecondsSinceEpoch), .bool(change.keeps), .int8(change.instant),
        ]
        var guarded = false
        if let leaseGuard = write.leaseGuard {
            guarded = true
            parameters += [.text(leaseGuard.key), .int8(leaseGuard.generation)]
        }
        switch write.condition {
        case .none: return PostgresCommand(guarded ? guardedUpsert : upsert, parameters)
        case .ifAbsent: return PostgresCommand(guarded ? guardedInsert : insert, parameters)
        case .ifMatch(let expected):
            try ETagRules.check(expected)
            parameters.append(.text(expected))
            return PostgresCommand(guarded ? guardedUpdate : update, parameters)
        }
    }

    // The row of the lease stays locked until the commit, so that no later lease can be granted in between. A lease
    // that was never granted has no row, and its generation is none.
    private static let lease = "WITH lease AS (SELECT FROM leases WHERE key = $8 AND generation = $9 FOR SHARE) "
    private static let hasLease = "EXISTS (SELECT FROM lease)"

    private static let insertion = """
        INSERT INTO sessions AS s (key, kind, value, content_type, etag, expires_at)
        SELECT $1, 0, $2, $3, $4, CASE WHEN $6 THEN NULL ELSE $7::bigint END
        """
    private static let replacement = """
        SET kind = 0, value = $2, content_type = $3, number = NULL, elements = NULL, etag = $4, expires_at =
            CASE WHEN NOT $6 THEN $7::bigint WHEN s.expires_at > $5::bigint THEN s.expires_at END
        """

    private static let upsert = """
        \(insertion) ON CONFLICT (key) DO UPDATE \(replacement)
        WHERE s.kind = 0 OR s.expires_at <= $5 RETURNING s.expires_at
        """
    private static let guardedUpsert = """
        \(lease) \(insertion) WHERE \(hasLease) ON CONFLICT (key) DO UPDATE \(replacement)
        WHERE s.kind = 0 OR s.expires_at <= $5 RETURNING s.expires_at
        """
    private static let insert = """
        \(insertion) ON CONFLICT (key) DO UPDATE \(replacement)
        WHERE s.expires_at <= $5 RETURNING s.expires_at
        """
    private static let guardedInsert = """
        \(lease) \(insertion) WHERE \(hasLease) ON CONFLICT (key) DO UPDATE \(replacement)
        WHERE s.expires_at <= $5 RETURNING s.expires_at
        """
    private static let visible = "(s.expires_at IS NULL OR s.expires_at > $5::bigint)"
    private static let update = """
        UPDATE sessions AS s \(replacement)
        WHERE s.key = $1 AND s.kind = 0 AND s.etag = $8 AND \(visible) RETURNING s.expires_at
        """
    private static let guardedUpdate = """
        \(lease) UPDATE sessions AS s \(replacement)
        WHERE s.key = $1 AND s.kind = 0 AND s.etag = $10 AND \(visible) AND \(hasLease) RETURNING s.expires_at
        """
}

/// Why writes were refused, found out after the fact in one look.
struct PostgresSessionRefusals {
    private struct Found {
        var kind: PostgresSessionKind
        var etag: String
    }

    private var found: [PostgresKey: Found] = [:]
    private var generations: [PostgresKey: Int64] = [:]

    init(pool: PostgresAccess, writes: [SessionWrite], now: Timestamp, deadline: Deadline) async throws(StoreError) {
        let rows = try await pool.group(
            [
                PostgresCommand(
                    """
                    SELECT key, kind, etag FROM sessions
                    WHERE key = ANY ($1) AND (expires_at IS NULL OR expires_at > $2)
                    """, [.textArray(writes.map(\.key)), .int8(now.millisecondsSinceEpoch)]),
                PostgresCommand(
                    "SELECT key, generation FROM leases WHERE key = ANY ($1)",
                    [.textArray(writes.compactMap(\.leaseGuard?.key))]),
            ], .read, deadline: deadline)
        for row in rows[0] {
            let key = try row.text(0)
            found[PostgresKey(key)] = Found(kind: try PostgresSessionKind(row, 1, key), etag: try row.text(2))
        }
        for row in rows[1] { generations[PostgresKey(try row.text(0))] = try row.int(1) }
    }

    func reason(for write: SessionWrite) -> StoreError {
        if let leaseGuard = write.leaseGuard {
            let current = generations[PostgresKey(leaseGuard.key)] ?? 0
            if current != leaseGuard.generation || current == 0 {
                return PostgresLeases.superseded(leaseGuard, current: current)
            }
        }
        let entry = found[PostgresKey(write.key)]
        if let error = Self.conflict(write.condition, current: entry?.etag, write.key) { return error }
        if let entry, entry.kind != .value { return entry.kind.refused(write.key, wanted: "a value") }
        // What refused it is gone by now.
        return StoreError(
            .conflict, "the key was changed by somebody else at the same moment",
            remedy: "read the key again and repeat the write with its etag", resource: write.key, applied: .no,
            conflict: .etag(current: entry?.etag))
    }

    /// The error of a condition that does not hold, given the etag that is there.
    static func conflict(_ condition: SessionCondition, current: String?, _ key: String) -> StoreError? {
        let message: String
        switch condition {
        case .none: return nil
        case .ifAbsent:
            if current == nil { return nil }
            message = "the key must be absent; it is there"
        case .ifMatch(let etag):
            if current == etag { return nil }
            message = current == nil ? "the key is missing" : "the key has another etag"
        }
        return StoreError(
            .conflict, message, remedy: "read the key again and repeat the write with its etag", resource: key,
            applied: .no, conflict: .etag(current: current))
    }
}
