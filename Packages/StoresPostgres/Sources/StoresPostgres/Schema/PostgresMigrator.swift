import StoresCore

/// Brings the schema to what this library needs, or says what is missing.
///
/// Changes are made in one transaction, under an advisory lock: of two processes that start together the second waits
/// for the first and finds the work done.
struct PostgresMigrator {
    let pool: PostgresPool
    let parts: [PostgresMigrations]

    private var schema: String { PostgresIdentifier.quoted(pool.schema) }
    private static let table = "schema_versions"

    /// - Returns: Whether anything was made.
    @discardableResult
    func create(_ deadline: Deadline) async throws(StoreError) -> Bool {
        if try await missing(versions(deadline)).isEmpty, !needsExtension { return false }
        try await pool.transaction(deadline: deadline) { lease throws(StoreError) in
            _ = try await lease.query("SELECT pg_advisory_xact_lock($1)", [.int8(PostgresLocks.schema)])
            try await prepare(lease)
            let found = try await Self.versions(
                lease.query("SELECT part, version FROM \(schema).\(Self.table)", isPrepared: false))
            for (migrations, version) in try missing(found) {
                for step in migrations.steps[version...] { try await lease.script(step) }
                _ = try await lease.query(
                    """
                    INSERT INTO \(schema).\(Self.table) (part, version) VALUES ($1, $2)
                    ON CONFLICT (part) DO UPDATE SET version = excluded.version
                    """, [.text(migrations.part), .int4(Int32(migrations.steps.count))])
            }
        }
        return true
    }

    func verify(_ deadline: Deadline) async throws(StoreError) {
        let found = try await versions(deadline)
        guard !found.isEmpty || parts.allSatisfy(\.steps.isEmpty) else {
            throw StoreError(
                .notFound, "the schema \(pool.schema) holds no stores",
                remedy: "open them once with schema mode create, as a user who may create tables", applied: .no)
        }
        let lacking = try missing(found)
        guard let (first, version) = lacking.first else { return }
        throw StoreError(
            .schemaMismatch,
            "the schema \(pool.schema) has version \(version) of the part \(first.part); this library needs "
                + "\(first.steps.count)",
            remedy: "open the stores once with schema mode create, which adds what is missing", applied: .no,
            conflict: .schema(found: String(version), wanted: String(first.steps.count)))
    }

    private var needsExtension: Bool { parts.contains(where: \.needsVector) && pool.types.vector == nil }

    /// The parts that lack steps, with the version that each has.
    private func missing(_ found: [String: Int]) throws(StoreError) -> [(PostgresMigrations, Int)] {
        var missing: [(PostgresMigrations, Int)] = []
        for migrations in parts {
            let version = found[migrations.part] ?? 0
            guard version <= migrations.steps.count else {
                throw StoreError(
                    .schemaMismatch,
                    "the part \(migrations.part) of the schema \(pool.schema) has version \(version), made by a newer "
                        + "library; this one knows \(migrations.steps.count)",
                    remedy: "update StoresPostgres, or let POSTGRES_SCHEMA name another schema", applied: .no,
                    conflict: .schema(found: String(version), wanted: String(migrations.steps.count)), phase: .version)
            }
            if version < migrations.steps.count { missing.append((migrations, max(0, version))) }
        }
        return missing
    }

    /// Empty without a schema.
    private func versions(_ deadline: Deadline) async throws(StoreError) -> [String: Int] {
        let exists = try await pool.query(
            "SELECT to_regclass($1) IS NOT NULL", [.text("\(schema).\(Self.table)")], .read, deadline: deadline)
        guard try exists.first?.bool(0) == true else { return [:] }
        return try await Self.versions(
            pool.query(
                "SELECT part, version FROM \(schema).\(Self.table)", .read, isPrepared: false, deadline: deadline))
    }

    private static func versions(_ rows: PostgresRows) throws(StoreError) -> [String: Int] {
        var found: [String: Int] = [:]
        for row in rows { found[try row.text(0)] = Int(clamping: try row.int(1)) }
        return found
    }

    /// The schema, the table of versions, pgvector. What is there is not touched: a user without the right to make it
    /// may still be one who can do the rest.
    private func prepare(_ lease: PostgresLease) async throws(StoreError) {
        let found = try await lease.query(
            """
            SELECT to_regnamespace($1) IS NOT NULL, to_regclass($2) IS NOT NULL,
                EXISTS (SELECT FROM pg_extension WHERE extname = 'vector'),
                EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege(oid, 'CREATE'))
            """, [.text(schema), .text("\(schema).\(Self.table)")])
        guard let row = found.first else { throw StoreError(.internal, "the server gave no answer", applied: .no) }
        if try !row.bool(0) { try await lease.script("CREATE SCHEMA \(schema)") }
        if try !row.bool(1) {
            try await lease.script(
                "CREATE TABLE \(schema).\(Self.table) (part text PRIMARY KEY, version integer NOT NULL)")
        }
        if needsExtension, try !row.bool(2) {
            let place = try row.bool(3) ? "public" : schema
            do throws(StoreError) {
                try await lease.script("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA \(place)")
            } catch {
                let isMissing = error.sqlState == "0A000" || error.sqlState == "58P01" || error.sqlState == "22023"
                throw StoreError(
                    isMissing ? .unsupported : error.code,
                    isMissing
                        ? "the server has no pgvector, which the vector tier needs"
                        : "the extension vector could not be created",
                    remedy: isMissing
                        ? "install pgvector 0.7 or later on the server (apt-get install postgresql-18-pgvector, or the "
                            + "image pgvector/pgvector)"
                        : "let a user who may run: CREATE EXTENSION vector",
                    applied: .no, underlying: error.underlying)
            }
        }
    }
}
