/// How the adapter reaches its server, and how it names its keys.
public struct RedisConfiguration: Sendable {
    /// What is behind the addresses.
    enum Mode: Sendable, Hashable {
        /// One server, or the nodes of a cluster: the server says which.
        case servers
        /// Sentinels, which know where the primary of this name is.
        case sentinels(primary: String)
    }

    var flavor: RedisFlavor
    var mode: Mode
    var addresses: [RedisAddress]
    var user: String?
    var password: String?
    /// Of the sentinels, which have passwords of their own.
    var sentinelPassword: String?
    var database: Int
    /// Nil for plain connections.
    var tls: RedisTLS?
    /// The URL without its secrets.
    var endpoint: String
    /// Every key starts with it.
    var keyPrefix: String
    /// How many leading segments of a session key choose its slot in a cluster.
    var slotSegments: Int
    /// Connections for each server. A second one is opened only while the first is held up by large values.
    var connections: Int
    var connectTimeout: Duration
    /// A connection with calls on it that has been silent for so long is given up.
    var stallTimeout: Duration
    var usesRESP3: Bool
    /// The number of events that are kept in all; nil keeps every one.
    var eventRetention: Int?
}
