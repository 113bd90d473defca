import StoresCore

extension PostgresEventDriver: RunDriver {
    private var leases: PostgresLeases { PostgresLeases(pool: pool, table: "run_leases") }

    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?,
        context: CallContext
    ) async throws(StoreError) -> Run {
        let now = context.now
        var parameters: [PostgresParameter] = [
            .text(id), .text(status), .bytes(state), .int8(now.millisecondsSinceEpoch), .text(leaseGuard?.key),
            .int8(leaseGuard?.generation),
        ]
        if let ifVersion, ifVersion > 0 { parameters.append(.int8(ifVersion)) }
        let sql =
            switch ifVersion {
            case nil: Self.save
            case 0: Self.insert
            default: Self.update
            }
        for _ in 0..<16 {
            let rows = try await pool.query(sql, parameters, .write, deadline: context.deadline)
            if let row = rows.first {
                return Run(
                    id: id, status: status, state: state, version: try row.int(0), createdAt: try row.timestamp(1),
                    updatedAt: now)
            }
            try await explain(id, ifVersion, leaseGuard, context.deadline)
            try context.check("saveRun", applied: .no)
        }
        throw StoreError(
            .unavailable, "others kept changing the same run", resource: id, applied: .no, isRetryable: true)
    }

    // The lease's row stays locked until the commit, so that no later lease can be granted in between.
    private static let lease = "WITH lease AS (SELECT FROM run_leases WHERE key = $5 AND generation = $6 FOR SHARE) "
    private static let isGuarded = "($5::text IS NULL OR EXISTS (SELECT FROM lease))"
    private static let insertion = """
        INSERT INTO runs AS r (id, status, version, created_at, updated_at, state)
        SELECT $1, $2, 1, $4, $4, $3 WHERE \(isGuarded) ON CONFLICT (id)
        """
    private static let returned = "RETURNING r.version, r.created_at"
    // A deleted run's row stays for its version, so that a stale one never fits.
    private static let replacement = """
        SET status = $2, version = r.version + 1, updated_at = $4, state = $3, is_deleted = false,
        created_at = CASE WHEN r.is_deleted THEN $4 ELSE r.created_at END
        """
    private static let save = "\(lease) \(insertion) DO UPDATE \(replacement) \(returned)"
    private static let insert = "\(lease) \(insertion) DO UPDATE \(replacement) WHERE r.is_deleted \(returned)"
    private static let update = """
        \(lease) UPDATE runs AS r \(replacement)
        WHERE r.id = $1 AND r.version = $7 AND NOT r.is_deleted AND \(isGuarded) \(returned)
        """

    /// Throws why a save was refused; returns when nothing stands against it any more.
    private func explain(_ id: String, _ ifVersion: Int64?, _ leaseGuard: LeaseGuard?, _ deadline: Deadline)
        async throws(StoreError)
    {
        if let leaseGuard {
            let current = try await leases.generation(leaseGuard.key, deadline)
            if current != leaseGuard.generation || current == 0 {
                throw PostgresLeases.superseded(leaseGuard, current: current)
            }
        }
        let rows = try await pool.query(
            "SELECT version FROM runs WHERE id = $1 AND NOT is_deleted", [.text(id)], .read, deadline: deadline)
        let current = try rows.first?.int(0)
        guard let ifVersion, ifVersion != current ?? 0 else { return }
        throw StoreError(
            .conflict,
            current.map { "the run is at version \($0), not \(ifVersion)" }
                ?? "the run does not exist, and version \(ifVersion) was expected",
            remedy: "load the run again and save it with its version", resource: id, applied: .no,
            conflict: .version(current: current ?? 0))
    }

    private static let columns = "id, status, state, version, created_at, updated_at"

    private static func run(_ row: PostgresRow) throws(StoreError) -> Run {
        Run(
            id: try row.text(0), status: try row.text(1), state: try row.bytes(2), version: try row.int(3),
            createdAt: try row.timestamp(4), updatedAt: try row.timestamp(5))
    }

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        let rows = try await pool.query(
            "SELECT \(Self.columns) FROM runs WHERE id = $1 AND NOT is_deleted", [.text(id)], .read,
            deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in try Self.run(row) }
    }

    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try cursor.map { cursor throws(StoreError) in try CursorCodec.text(cursor) } ?? ""
        let more = Int64(min(limit, .max - 1)) + 1
        let rows =
            if let status {
                try await pool.query(
                    """
                    SELECT \(Self.columns) FROM runs WHERE id > $1 AND status = $3 AND NOT is_deleted
                    ORDER BY id LIMIT $2
                    """, [.text(after), .int8(more), .text(status)], .read, deadline: context.deadline)
            } else {
                try await pool.query(
                    "SELECT \(Self.columns) FROM runs WHERE id > $1 AND NOT is_deleted ORDER BY id LIMIT $2",
                    [.text(after), .int8(more)], .read, deadline: context.deadline)
            }
        var runs: [Run] = []
        for row in rows.prefix(limit) { runs.append(try Self.run(row)) }
        return Page(
            items: runs, next: rows.count > limit ? runs.last.map { CursorCodec.encode([$0.id]) } : nil)
    }

    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        try await pool.query(
            "UPDATE runs SET is_deleted = true, status = '', state = '' WHERE id = $1 AND NOT is_deleted", [.text(id)],
            .write, deadline: context.deadline
        ).affected > 0
    }

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await leases.acquire(key, ttl, context)
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await leases.renew(lease, ttl, context)
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await leases.release(lease, context)
    }
}

extension PostgresEventDriver: SnapshotDriver {
    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        _ = try await pool.query(
            """
            INSERT INTO snapshots (stream, revision, data) VALUES ($1, $2, $3)
            ON CONFLICT (stream, revision) DO UPDATE SET data = excluded.data
            """, [.text(snapshot.stream), .int8(snapshot.revision), .bytes(snapshot.data)], .write,
            deadline: context.deadline)
    }

    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let rows = try await pool.query(
            """
            SELECT revision, data FROM snapshots WHERE stream = $1 AND revision <= $2
            ORDER BY revision DESC LIMIT $3
            """, [.text(stream), .int8(atOrBefore ?? .max), .int8(Int64(limit))], .read, deadline: context.deadline)
        var snapshots: [Snapshot] = []
        for row in rows {
            snapshots.append(Snapshot(stream: stream, revision: try row.int(0), data: try row.bytes(1)))
        }
        return snapshots
    }

    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int {
        try await pool.query(
            "DELETE FROM snapshots WHERE stream = $1 AND ($2::bigint IS NULL OR revision < $2)",
            [.text(stream), .int8(before)], .write, deadline: context.deadline
        ).affected
    }
}
