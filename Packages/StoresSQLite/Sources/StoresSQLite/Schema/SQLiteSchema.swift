#if SQLite
import StoresCore

/// The tables, and how they come to be. Steps are only ever added; none drops or rewrites data.
enum SQLiteSchema {
    /// The version that this code reads and writes: the number of steps.
    static var current: Int64 { Int64(steps.count) }

    /// Creates or completes the schema within the caller's write transaction: of two processes that start at once,
    /// the second waits for the first and finds the work done.
    static func create(_ connection: SQLiteConnection) throws(StoreError) {
        let found = try version(connection)
        try refuseNewer(found)
        guard found < current else { return }
        for step in steps[Int(max(0, found))...] { try connection.script(step) }
        try connection.run("DELETE FROM stores_schema")
        try connection.run("INSERT INTO stores_schema (version) VALUES (?1)", [.int(current)])
    }

    static func verify(_ connection: SQLiteConnection) throws(StoreError) {
        let found = try version(connection)
        try refuseNewer(found)
        guard found > 0 else {
            throw StoreError(
                .notFound, "\(connection.path) holds no stores", remedy: "open them once with schema mode create",
                applied: .no, phase: .schema)
        }
        guard found == current else {
            throw StoreError(
                .schemaMismatch, "\(connection.path) has schema version \(found); this library needs \(current)",
                remedy: "open the stores once with schema mode create, which adds what is missing", applied: .no,
                conflict: .schema(found: String(found), wanted: String(current)), phase: .schema)
        }
    }

    private static func refuseNewer(_ found: Int64) throws(StoreError) {
        guard found <= current else {
            throw StoreError(
                .schemaMismatch,
                "the file has schema version \(found), made by a newer library; this one knows \(current)",
                remedy: "update StoresSQLite, or let SQLITE_PATH name another file", applied: .no,
                conflict: .schema(found: String(found), wanted: String(current)), phase: .version)
        }
    }

    /// 0 when there is no schema.
    static func version(_ connection: SQLiteConnection) throws(StoreError) -> Int64 {
        let table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'stores_schema'"
        guard try connection.firstInt(table) != nil else { return 0 }
        return try connection.firstInt("SELECT max(version) FROM stores_schema") ?? 0
    }

    /// Reads the file's structure and compares indexes with tables. Values are covered by their rows' checksums.
    static func checkIntegrity(_ connection: SQLiteConnection, always: Bool) throws(StoreError) {
        let pages = try connection.firstInt("PRAGMA page_count") ?? 0
        let pageSize = try connection.firstInt("PRAGMA page_size") ?? 0
        guard
            always
                || pages.multipliedReportingOverflow(by: pageSize).partialValue
                    <= SQLiteConfiguration.IntegrityCheck.autoBytes
        else { return }
        let finding = try connection.first("PRAGMA integrity_check(1)") { $0.text(0) }
        guard finding == "ok" else { throw .corruptFile(connection.path, "its integrity check failed") }
    }

    private static let steps = [first, second]

    // The last version of each deleted run.
    private static let second = """
        CREATE TABLE stores_deleted_runs (
            id TEXT NOT NULL PRIMARY KEY,
            version INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // Keys and ids are TEXT: SQLite compares it byte by byte (BINARY), with its length, so that every Unicode text
    // is a key of its own. Rows that are read in order have integer keys that say where they belong.
    private static let first = """
        CREATE TABLE stores_schema (version INTEGER NOT NULL) STRICT;

        CREATE TABLE stores_vector_collections (
            collection_id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            dimensions INTEGER NOT NULL,
            metric TEXT NOT NULL,
            has_unit_vectors INTEGER NOT NULL,
            fields TEXT NOT NULL
        ) STRICT;
        CREATE TABLE stores_vector_partitions (
            partition_id INTEGER PRIMARY KEY AUTOINCREMENT,
            collection_id INTEGER NOT NULL,
            namespace TEXT NOT NULL,
            UNIQUE (collection_id, namespace)
        ) STRICT;
        CREATE TABLE stores_vector_records (
            record_id INTEGER PRIMARY KEY,
            partition_id INTEGER NOT NULL,
            id TEXT NOT NULL,
            metadata TEXT NOT NULL,
            document TEXT,
            checksum INTEGER NOT NULL,
            UNIQUE (partition_id, id)
        ) STRICT;
        CREATE TABLE stores_vectors (
            record_id INTEGER PRIMARY KEY,
            norm REAL NOT NULL,
            checksum INTEGER NOT NULL,
            vector BLOB NOT NULL
        ) STRICT;

        CREATE TABLE stores_sessions (
            entry_id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            value BLOB,
            number INTEGER,
            content_type TEXT,
            etag TEXT NOT NULL,
            expires_at INTEGER,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX stores_sessions_by_expiry ON stores_sessions (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE stores_session_elements (
            entry_id INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            element BLOB NOT NULL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (entry_id, sequence)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE stores_leases (
            space TEXT NOT NULL,
            key TEXT NOT NULL,
            generation INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            is_released INTEGER NOT NULL,
            PRIMARY KEY (space, key)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE stores_facts (
            fact_id INTEGER PRIMARY KEY AUTOINCREMENT,
            scope BLOB NOT NULL,
            id TEXT NOT NULL,
            content TEXT NOT NULL,
            attributes TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            expires_at INTEGER,
            source TEXT,
            embedding BLOB,
            is_deleted INTEGER NOT NULL DEFAULT 0,
            checksum INTEGER NOT NULL,
            UNIQUE (scope, id)
        ) STRICT;
        CREATE INDEX stores_facts_by_expiry ON stores_facts (expires_at) WHERE expires_at IS NOT NULL;
        CREATE TABLE stores_fact_history (
            line_id INTEGER PRIMARY KEY,
            fact_id INTEGER NOT NULL,
            change TEXT NOT NULL,
            at INTEGER NOT NULL,
            content TEXT NOT NULL,
            attributes TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            version INTEGER NOT NULL,
            expires_at INTEGER,
            source TEXT,
            checksum INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX stores_fact_history_by_fact ON stores_fact_history (fact_id);
        CREATE VIRTUAL TABLE stores_fact_words USING fts5 (words, \(SQLiteWords.tokenizer));

        CREATE TABLE stores_artifacts (
            key TEXT PRIMARY KEY,
            object_id INTEGER NOT NULL,
            size INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            content_type TEXT NOT NULL,
            metadata TEXT NOT NULL,
            modified_at INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE stores_artifact_objects (
            object_id INTEGER PRIMARY KEY AUTOINCREMENT,
            sweep_after INTEGER
        ) STRICT;
        CREATE INDEX stores_artifact_objects_to_sweep ON stores_artifact_objects (sweep_after)
            WHERE sweep_after IS NOT NULL;
        CREATE TABLE stores_artifact_chunks (
            chunk_id INTEGER PRIMARY KEY,
            checksum INTEGER NOT NULL,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE stores_streams (
            stream_id INTEGER PRIMARY KEY AUTOINCREMENT,
            stream TEXT NOT NULL UNIQUE,
            last_revision INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE stores_events (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            stream_id INTEGER NOT NULL,
            revision INTEGER NOT NULL,
            event_id TEXT NOT NULL,
            type TEXT NOT NULL,
            content_type TEXT NOT NULL,
            metadata TEXT NOT NULL,
            recorded_at INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            data BLOB NOT NULL,
            UNIQUE (stream_id, revision),
            UNIQUE (stream_id, event_id)
        ) STRICT;
        CREATE TABLE stores_runs (
            id TEXT NOT NULL PRIMARY KEY,
            status TEXT NOT NULL,
            version INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            state BLOB NOT NULL
        ) STRICT;
        CREATE INDEX stores_runs_by_status ON stores_runs (status, id);
        CREATE TABLE stores_snapshots (
            stream TEXT NOT NULL,
            revision INTEGER NOT NULL,
            checksum INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (stream, revision)
        ) STRICT;

        CREATE TABLE stores_search_indexes (
            index_id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            fields TEXT NOT NULL
        ) STRICT;
        CREATE TABLE stores_search_documents (
            document_id INTEGER PRIMARY KEY AUTOINCREMENT,
            index_id INTEGER NOT NULL,
            id TEXT NOT NULL,
            fields TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            UNIQUE (index_id, id)
        ) STRICT;
        """
}
#endif
