import StoresCore

extension RedisConfiguration {
    /// Reads the settings; `REDIS` stands for the adapter's name in capitals:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `REDIS_URL` | `redis://127.0.0.1:6379/0` | where the server, its sentinels or the cluster's nodes are |
    /// | `REDIS_TLS_CA` | | certificates that `rediss://` trusts; the system's by default |
    /// | `REDIS_TLS_CERT`, `REDIS_TLS_KEY` | | the client's own certificate, and its key |
    /// | `REDIS_KEY_PREFIX` | `stores:` | how every key begins |
    /// | `REDIS_CONNECTIONS` | `2` | connections for each server |
    /// | `REDIS_CONNECT_TIMEOUT` | `3s` | how long an attempt to connect may take |
    /// | `REDIS_PROTOCOL` | `2` | RESP2 or RESP3 |
    /// | `REDIS_SLOT_SEGMENTS` | `1` | leading segments of a session key that choose its slot in a cluster |
    /// | `REDIS_EVENT_RETENTION` | `0` | how many events are kept in all; 0 keeps every one |
    /// | `REDIS_SENTINEL_PASSWORD` | | the sentinels' own password |
    init(_ settings: Settings, flavor: RedisFlavor) throws(StoreError) {
        func refusal(_ name: String, _ problem: String, _ remedy: String? = nil) -> StoreError {
            StoreError(
                .invalidArgument, "\(flavor.variable(name)) \(problem)", remedy: remedy, applied: .no,
                phase: .configuration)
        }
        let text = settings.string(flavor.variable("URL")) ?? "redis://127.0.0.1:6379/0"
        let url = try RedisURL(text, variable: flavor.variable("URL"))
        let tls =
            !url.isSecure
            ? nil
            : try RedisTLS(
                authority: settings.string(flavor.variable("TLS_CA")),
                certificate: settings.string(flavor.variable("TLS_CERT")),
                key: settings.string(flavor.variable("TLS_KEY")), variable: flavor.variable)
        let prefix = settings.string(flavor.variable("KEY_PREFIX")) ?? "stores:"
        // Braces choose the slot of a key in a cluster; those of a prefix would come first.
        guard !prefix.utf8.contains(where: [0, UInt8(ascii: "{"), UInt8(ascii: "}")].contains),
            prefix.utf8.count <= 128
        else {
            throw refusal("KEY_PREFIX", "has at most 128 bytes, no NUL and no braces")
        }
        let connections = settings.int(flavor.variable("CONNECTIONS")) ?? 2
        guard (1...64).contains(connections) else { throw refusal("CONNECTIONS", "is 1 to 64; got \(connections)") }
        let segments = settings.int(flavor.variable("SLOT_SEGMENTS")) ?? 1
        guard (1...16).contains(segments) else { throw refusal("SLOT_SEGMENTS", "is 1 to 16; got \(segments)") }
        let retention = settings.int(flavor.variable("EVENT_RETENTION")) ?? 0
        guard retention >= 0 else { throw refusal("EVENT_RETENTION", "is at least 0; got \(retention)") }
        let usesRESP3 = settings.string(flavor.variable("PROTOCOL")) == "3"
        if usesRESP3, !RedisReplyReader.readsRESP3 {
            throw refusal(
                "PROTOCOL", "is 3, and hiredis \(RedisReplyReader.version) reads RESP2 alone",
                "leave it at 2, or build with hiredis 1.0 or later")
        }
        self.init(
            flavor: flavor, mode: url.primary.map { .sentinels(primary: $0) } ?? .servers, addresses: url.addresses,
            user: url.user, password: url.password,
            sentinelPassword: settings.string(flavor.variable("SENTINEL_PASSWORD")), database: url.database, tls: tls,
            endpoint: Redaction.endpoint(text), keyPrefix: prefix, slotSegments: segments, connections: connections,
            connectTimeout: settings.duration(flavor.variable("CONNECT_TIMEOUT")) ?? .seconds(3),
            stallTimeout: .seconds(10), usesRESP3: usesRESP3, eventRetention: retention == 0 ? nil : retention)
    }

    /// The descriptions of what ``init(_:flavor:)`` reads (R3).
    static func settings(_ flavor: RedisFlavor) -> [SettingDescription] {
        [
            // A secret as a whole: it may hold a password.
            SettingDescription(
                flavor.variable("URL"), .url, default: "redis://127.0.0.1:6379/0", isSecret: true,
                example: "redis://user:password@host:6379/0",
                summary:
                    "The server (rediss:// for TLS), a cluster's nodes, redis+sentinel://host,host/primary, unix:///path."
            ),
            SettingDescription(
                flavor.variable("TLS_CA"), .path, example: "/etc/ssl/redis-ca.pem",
                summary: "For rediss://: a PEM file of certificates to trust; without it, the system's."),
            SettingDescription(
                flavor.variable("TLS_CERT"), .path, example: "/etc/ssl/redis-client.pem",
                summary: "For rediss://: a PEM file of this client's certificate, where the server asks for one."),
            SettingDescription(
                flavor.variable("TLS_KEY"), .path, example: "/etc/ssl/redis-client.key",
                summary: "A PEM file of that certificate's key, without a passphrase."),
            SettingDescription(
                flavor.variable("KEY_PREFIX"), .string, default: "stores:", example: "app:",
                summary: "How every key begins; what shares a server and a prefix shares its data."),
            SettingDescription(
                flavor.variable("CONNECTIONS"), .int, default: "2",
                summary: "Connections for each server, 1 to 64; all tasks share them."),
            SettingDescription(
                flavor.variable("CONNECT_TIMEOUT"), .duration, default: "3s",
                summary: "How long an attempt to connect may take."),
            SettingDescription(
                flavor.variable("PROTOCOL"), .choice, default: "2", allowed: ["2", "3"],
                summary: "RESP2, or RESP3, which needs hiredis 1.0 or later."),
            SettingDescription(
                flavor.variable("SLOT_SEGMENTS"), .int, default: "1",
                summary: "In a cluster: how many leading segments of a session key choose its slot."),
            SettingDescription(
                flavor.variable("EVENT_RETENTION"), .int, default: "0",
                summary: "How many events are kept in all; older ones are dropped. 0 keeps every one."),
            SettingDescription(
                flavor.variable("SENTINEL_PASSWORD"), .string, isSecret: true,
                summary: "The sentinels' own password, if they ask for one."),
        ]
    }
}
