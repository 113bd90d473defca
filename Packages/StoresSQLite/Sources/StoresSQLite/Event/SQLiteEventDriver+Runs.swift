#if SQLite
import StoresCore

extension SQLiteEventDriver: RunDriver {
    private static let leases = SQLiteLeases(space: "run")

    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?,
        context: CallContext
    ) async throws(StoreError) -> Run {
        try await backend.write(context) { (connection) throws(StoreError) in
            let now = context.now
            try Self.leases.check(leaseGuard, connection)
            let current = try Self.run(id, connection)
            if let ifVersion, ifVersion != current?.version ?? 0 {
                throw StoreError(
                    .conflict,
                    current.map { "the run is at version \($0.version), not \(ifVersion)" }
                        ?? "the run does not exist, and version \(ifVersion) was expected",
                    remedy: "load the run again and save it with its version", resource: id, applied: .no,
                    conflict: .version(current: current?.version ?? 0))
            }
            // A version that was given out once is not given out again, also after a delete.
            var last = current?.version
            if last == nil { last = try Self.deletedVersion(id, connection) }
            let run = Run(
                id: id, status: status, state: state, version: (last ?? 0) &+ 1,
                createdAt: current?.createdAt ?? now, updatedAt: now)
            try connection.run(
                """
                INSERT INTO stores_runs (id, status, version, created_at, updated_at, checksum, state)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT (id) DO UPDATE SET status = excluded.status, version = excluded.version,
                created_at = excluded.created_at, updated_at = excluded.updated_at, checksum = excluded.checksum,
                state = excluded.state
                """,
                [
                    .text(id), .text(status), .int(run.version), .int(run.createdAt.millisecondsSinceEpoch),
                    .int(now.millisecondsSinceEpoch), .int(Self.checksum(run)), .bytes(state),
                ])
            return run
        }
    }

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        try await backend.read(context) { (connection) throws(StoreError) in try Self.run(id, connection) }
    }

    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try cursor.map { cursor throws(StoreError) in try CursorCodec.bytes(cursor, parts: 1...1)[0] } ?? []
        return try await backend.read(context) { (connection) throws(StoreError) in
            let more = SQLiteValue.int(Int64(limit).addingReportingOverflow(1).partialValue)
            let condition = status == nil ? "" : "AND status = ?3"
            var runs = try connection.all(
                "SELECT \(Self.columns) FROM stores_runs WHERE id > ?1 \(condition) ORDER BY id LIMIT ?2",
                [.textBytes(after), more] + (status.map { [.text($0)] } ?? [])
            ) { (row) throws(StoreError) in try Self.run(row, connection) }
            guard runs.count > limit else { return Page(items: runs, next: nil) }
            runs.removeLast()
            return Page(items: runs, next: runs.last.map { CursorCodec.encode([$0.id]) })
        }
    }

    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        try await backend.write(context) { (connection) throws(StoreError) in
            try connection.run(
                """
                INSERT INTO stores_deleted_runs (id, version) SELECT id, version FROM stores_runs WHERE id = ?1
                ON CONFLICT (id) DO UPDATE SET version = excluded.version
                """,
                [.text(id)])
            return try connection.run("DELETE FROM stores_runs WHERE id = ?1", [.text(id)]) > 0
        }
    }

    private static func deletedVersion(_ id: String, _ connection: SQLiteConnection) throws(StoreError) -> Int64? {
        try connection.firstInt("SELECT version FROM stores_deleted_runs WHERE id = ?1", [.text(id)])
    }

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await backend.write(context) { (connection) throws(StoreError) in
            try Self.leases.acquire(key, ttl, context.now, connection)
        }
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await backend.write(context) { (connection) throws(StoreError) in
            try Self.leases.renew(lease, ttl, context.now, connection)
        }
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await backend.write(context) { (connection) throws(StoreError) in
            try Self.leases.release(lease, context.now, connection)
        }
    }

    private static let columns = "id, status, version, created_at, updated_at, checksum, state"

    private static func run(_ id: String, _ connection: SQLiteConnection) throws(StoreError) -> Run? {
        try connection.first("SELECT \(columns) FROM stores_runs WHERE id = ?1", [.text(id)]) {
            (row) throws(StoreError) in try run(row, connection)
        }
    }

    private static func run(_ row: SQLiteRow, _ connection: SQLiteConnection) throws(StoreError) -> Run {
        let run = Run(
            id: row.text(0), status: row.text(1), state: row.bytes(6), version: row.int(2),
            createdAt: row.timestamp(3), updatedAt: row.timestamp(4))
        guard checksum(run) == row.int(5) else {
            throw .corruptFile(connection.path, "a run does not fit its checksum").filling(resource: run.id)
        }
        return run
    }

    private static func checksum(_ run: Run) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(run.id)
        sum.add(run.status)
        sum.add(run.version)
        sum.add(run.createdAt.millisecondsSinceEpoch)
        sum.add(run.updatedAt.millisecondsSinceEpoch)
        sum.add(run.state)
        return sum.value
    }
}

extension SQLiteEventDriver: SnapshotDriver {
    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        _ = try await backend.write(context) { (connection) throws(StoreError) in
            try connection.run(
                """
                INSERT INTO stores_snapshots (stream, revision, checksum, data) VALUES (?1, ?2, ?3, ?4)
                ON CONFLICT (stream, revision) DO UPDATE SET checksum = excluded.checksum, data = excluded.data
                """,
                [
                    .text(snapshot.stream), .int(snapshot.revision), .int(Self.checksum(snapshot)),
                    .bytes(snapshot.data),
                ])
        }
    }

    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        return try await backend.read(context) { (connection) throws(StoreError) in
            var found: [Snapshot] = []
            try connection.each(
                """
                SELECT revision, data, checksum FROM stores_snapshots WHERE stream = ?1 AND revision <= ?2
                ORDER BY revision DESC
                """,
                [.text(stream), .int(atOrBefore ?? .max)]
            ) { row in
                let snapshot = Snapshot(stream: stream, revision: row.int(0), data: row.bytes(1))
                // A snapshot only saves reading: a damaged one is as good as none, and the one before it serves (E9).
                if Self.checksum(snapshot) == row.int(2) { found.append(snapshot) }
                return found.count < limit
            }
            return found
        }
    }

    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int {
        try await backend.write(context) { (connection) throws(StoreError) in
            try connection.run(
                "DELETE FROM stores_snapshots WHERE stream = ?1 AND (?2 IS NULL OR revision < ?2)",
                [.text(stream), SQLiteValue(before)])
        }
    }

    private static func checksum(_ snapshot: Snapshot) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(snapshot.stream)
        sum.add(snapshot.revision)
        sum.add(snapshot.data)
        return sum.value
    }
}
#endif
