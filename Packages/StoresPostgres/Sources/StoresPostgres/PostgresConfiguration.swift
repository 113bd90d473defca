/// How the Postgres adapter reaches its server.
public struct PostgresConfiguration: Sendable, Hashable {
    /// A connection URL or libpq's `key=value` list, with several hosts where there are some. Nil: `parameters` alone.
    public var url: String?
    /// libpq's connection parameters by name (`host`, `sslmode`, `service`, …), which those of `url` override. What
    /// neither has comes from libpq's own sources: service file, password file, its process's `PG*` variables.
    public var parameters: [String: String]
    /// The schema that holds the stores' tables; it is made when it is missing.
    public var schema: String
    /// Connections in all, at least 2: a part is shared by many calls at once, the rest is leased for transactions.
    public var poolSize: Int
    /// Of those, how many are shared at most.
    public var sharedConnections: Int
    /// How long connecting may take, within the deadline of who waits for it.
    public var connectTimeout: Duration
    /// After this time a connection is replaced by a new one as soon as it is free.
    public var maximumLifetime: Duration

    public init(
        url: String? = nil, parameters: [String: String] = [:], schema: String = "stores", poolSize: Int = 10,
        sharedConnections: Int = 4, connectTimeout: Duration = .seconds(10), maximumLifetime: Duration = .seconds(3600)
    ) {
        self.url = url
        self.parameters = parameters
        self.schema = schema
        self.poolSize = poolSize
        self.sharedConnections = sharedConnections
        self.connectTimeout = connectTimeout
        self.maximumLifetime = maximumLifetime
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomReflectable {
    /// Without user and password, which `url` and `parameters` may hold.
    public var description: String { "PostgresConfiguration(\(endpoint), schema: \(schema))" }

    public var customMirror: Mirror {
        Mirror(self, children: ["endpoint": endpoint, "schema": schema, "poolSize": poolSize])
    }
}
