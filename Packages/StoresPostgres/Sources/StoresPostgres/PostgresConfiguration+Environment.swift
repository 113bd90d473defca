public import StoresCore

extension PostgresConfiguration {
    static let localURL = "postgres://backend:backend-dev-only@127.0.0.1:5432/backend"

    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `POSTGRES_URL` | the bundle's, unless `PGHOST`, `PGSERVICE`, … are set | where the server is |
    /// | `PGHOST`, `PGPORT`, `PGUSER`, … | | libpq's own variables, for what the URL leaves open |
    /// | `POSTGRES_SCHEMA` | `stores` | the schema of the stores' tables |
    /// | `POSTGRES_POOL_SIZE` | `10` | connections in all |
    /// | `POSTGRES_CONNECT_TIMEOUT` | `10s` | how long connecting may take |
    /// | `POSTGRES_MAX_LIFETIME` | `1h` | when a connection is replaced |
    ///
    /// - Throws: `invalidArgument` for a URL that libpq does not understand, and for names and numbers out of range.
    public init(_ settings: Settings) throws(StoreError) {
        self.init()
        for (variable, keyword) in Self.libpqVariables {
            if let value = settings.string(variable) { parameters[keyword] = value }
        }
        let isLocal = Set(parameters.keys).isDisjoint(with: ["host", "hostaddr", "service", "dbname", "port", "user"])
        if isLocal || settings.isExplicit("POSTGRES_URL") { url = settings.string("POSTGRES_URL") }
        if let schema = settings.string("POSTGRES_SCHEMA") { self.schema = schema }
        guard (1...63).contains(schema.utf8.count), !schema.utf8.contains(0), !schema.hasPrefix("pg_") else {
            throw Self.refused("POSTGRES_SCHEMA has 1 to 63 bytes and does not begin with pg_")
        }
        if let size = settings.int("POSTGRES_POOL_SIZE") { poolSize = size }
        guard (2...1000).contains(poolSize) else {
            throw Self.refused("POSTGRES_POOL_SIZE is 2 to 1000; got \(poolSize)")
        }
        sharedConnections = max(1, min(4, poolSize / 2))
        if let timeout = settings.duration("POSTGRES_CONNECT_TIMEOUT") { connectTimeout = timeout }
        if let lifetime = settings.duration("POSTGRES_MAX_LIFETIME") { maximumLifetime = lifetime }
        guard connectTimeout > .zero, maximumLifetime > .zero else {
            throw Self.refused("POSTGRES_CONNECT_TIMEOUT and POSTGRES_MAX_LIFETIME are more than zero")
        }
    }

    private static func refused(_ message: String) -> StoreError {
        StoreError(.invalidArgument, message, applied: .no, phase: .configuration)
    }

    /// libpq's variables and the connection parameters that they stand for.
    static let libpqVariables: [String: String] = [
        "PGHOST": "host", "PGHOSTADDR": "hostaddr", "PGPORT": "port", "PGDATABASE": "dbname", "PGUSER": "user",
        "PGPASSWORD": "password", "PGPASSFILE": "passfile", "PGSERVICE": "service", "PGSSLMODE": "sslmode",
        "PGSSLROOTCERT": "sslrootcert", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey",
        "PGTARGETSESSIONATTRS": "target_session_attrs", "PGOPTIONS": "options",
    ]

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] =
        [
            SettingDescription(
                "POSTGRES_URL", .string, default: localURL, example: "postgres://ada@db1,db2/app?sslmode=verify-full",
                summary:
                    "Where the server is, as libpq reads it; the default holds while no PG variable names a server."),
            SettingDescription(
                "POSTGRES_SCHEMA", .string, default: "stores",
                summary: "The schema of the stores' tables; it is made when it is missing."),
            SettingDescription(
                "POSTGRES_POOL_SIZE", .int, default: "10",
                summary: "Connections in all, at least 2; calls share up to 4, the others serve transactions."),
            SettingDescription(
                "POSTGRES_CONNECT_TIMEOUT", .duration, default: "10s",
                summary: "How long connecting may take, within the deadline of who waits for it."),
            SettingDescription(
                "POSTGRES_MAX_LIFETIME", .duration, default: "1h",
                summary: "When a connection is replaced by a new one."),
        ] + libpqSettings

    private static let libpqSettings: [SettingDescription] = [
        SettingDescription("PGHOST", .string, summary: "libpq's: the host, where the URL names none."),
        SettingDescription("PGHOSTADDR", .string, summary: "libpq's: the host's address."),
        SettingDescription("PGPORT", .string, summary: "libpq's: the port."),
        SettingDescription("PGDATABASE", .string, summary: "libpq's: the database."),
        SettingDescription("PGUSER", .string, summary: "libpq's: the user."),
        SettingDescription("PGPASSWORD", .string, isSecret: true, summary: "libpq's: the password."),
        SettingDescription("PGPASSFILE", .path, summary: "libpq's: the password file."),
        SettingDescription("PGSERVICE", .string, summary: "libpq's: the service of the service file."),
        SettingDescription("PGSSLMODE", .string, summary: "libpq's: whether and how TLS is used."),
        SettingDescription("PGSSLROOTCERT", .path, summary: "libpq's: the certificates that are trusted."),
        SettingDescription("PGSSLCERT", .path, summary: "libpq's: the client's certificate."),
        SettingDescription("PGSSLKEY", .path, summary: "libpq's: the key of the client's certificate."),
        SettingDescription(
            "PGTARGETSESSIONATTRS", .string, summary: "libpq's: which server of several to take, such as read-write."),
        SettingDescription("PGOPTIONS", .string, summary: "libpq's: options for the server."),
    ]
}
