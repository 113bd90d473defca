import Logging
public import StoresCore
import Synchronization

/// One Postgres server, or several of which one is the primary: a pool that all tiers share.
public final class PostgresBackend: StoreBackend {
    let configuration: PostgresConfiguration
    let pool: PostgresPool
    let schemaMode: SchemaMode
    let tiers: Set<Tier>
    let logger: Logger
    let purge = PostgresPurge()
    let signal: PostgresEventSignal
    let appender: PostgresAppender
    let sessionReader: PostgresSessionReader
    private let work = PostgresWork()
    private let isStarted = Mutex(false)

    init(_ configuration: PostgresConfiguration, context: AdapterContext) {
        self.configuration = configuration
        schemaMode = context.schemaMode
        tiers = context.tiers
        logger = context.logger
        let pool = PostgresPool(configuration, logger: context.logger)
        let signal = PostgresEventSignal(pool: pool, work: work)
        self.pool = pool
        self.signal = signal
        appender = PostgresAppender(pool: pool, work: work) { signal.announce() }
        sessionReader = PostgresSessionReader(pool: pool, work: work)
    }

    public var endpoint: String { pool.endpoint }

    /// The ``PostgresPool``.
    public var native: any Sendable { pool }

    public func start(context: CallContext) async throws(StoreError) {
        if isStarted.withLock({ $0 }) { return }
        // The first connection: what is wrong with the server shows here, with the phase that was reached.
        _ = try await pool.query("SELECT 1", .read, deadline: context.deadline)
        let migrator = PostgresMigrator(pool: pool, parts: StoresPostgres.migrations(tiers))
        do throws(StoreError) {
            switch schemaMode {
            case .create:
                // The types of a new extension, and its schema in the search path, are looked up by new connections.
                if try await migrator.create(context.deadline) { pool.renew() }
            case .verify: try await migrator.verify(context.deadline)
            case .off: break
            }
        } catch {
            throw error.filling(endpoint: endpoint, applied: .no, phase: .schema)
        }
        isStarted.withLock { $0 = true }
    }

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let rows = try await pool.query(
            """
            SELECT current_setting('server_version'), current_setting('synchronous_commit'),
                current_setting('fsync'), pg_is_in_recovery(), current_database()::text,
                (SELECT extversion FROM pg_extension WHERE extname = 'vector'),
                coalesce((SELECT floor(extract(epoch FROM max(now() - began)))::int8 FROM (
                    SELECT xact_start AS began FROM pg_stat_activity
                    WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                    UNION ALL SELECT prepared FROM pg_prepared_xacts) AS writing), 0)
            """, .read, deadline: context.deadline)
        guard let row = rows.first else { throw StoreError(.internal, "the server gave no answer") }
        var details = [
            "synchronous_commit": try row.text(1),
            "fsync": try row.text(2),
            "role": try row.bool(3) ? "replica" : "primary",
            "database": try row.text(4),
            "schema": configuration.schema,
            "pgvector": try row.optionalText(5).map(PgvectorVersion.finding) ?? "not installed",
        ]
        let oldest = try row.int(6)
        if oldest > 0 {
            details["oldest writing transaction"] =
                oldest < 5 ? "\(oldest) s" : "\(oldest) s: subscriptions wait for it"
        }
        if tiers.contains(.event) { try await addEventFindings(&details, context) }
        return BackendStatus(version: try row.text(0), details: details)
    }

    /// What keeps subscribers waiting is seen by its effect too: of other users' transactions little is shown.
    private func addEventFindings(_ details: inout [String: String], _ context: CallContext) async throws(StoreError) {
        let rows = try await pool.query(
            """
            SELECT (\(PostgresEventDriver.heldBack)), (SELECT transaction >= pg_snapshot_xmax(pg_current_snapshot())
                FROM events ORDER BY transaction DESC, sequence DESC LIMIT 1)
            """, .read, deadline: context.deadline)
        guard let row = rows.first else { return }
        if let oldest = try row.optionalTimestamp(0) {
            let age = max(0, context.now.millisecondsSinceEpoch - oldest.millisecondsSinceEpoch)
            details["event lag"] = "\(age / 1000) s: a transaction from before is still open"
        }
        if !row.isNull(1), try row.bool(1) {
            details["events"] =
                "newer than the server's transactions, as after a restore: subscriptions do not see them"
        }
    }

    public func shutdown() async {
        signal.close()
        pool.close()
        await work.end()
        await pool.end()
    }
}
