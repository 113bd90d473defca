import StoresCore

extension MongoConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `MONGODB_URL` | `mongodb://127.0.0.1:27017/stores` | where the servers are, and the database |
    /// | `MONGODB_COLLECTION_PREFIX` | `stores_` | how every collection's name begins |
    /// | `MONGODB_CONNECTIONS` | `8` | connections, and threads that wait for the server |
    /// | `MONGODB_CONNECT_TIMEOUT` | `2500ms` | how long connecting, and looking for a server, may take |
    init(_ settings: Settings) throws(StoreError) {
        func refusal(_ problem: String) -> StoreError {
            StoreError(.invalidArgument, problem, applied: .no, phase: .configuration)
        }
        let url = settings.string("MONGODB_URL") ?? Self.defaultURL
        guard url.hasPrefix("mongodb://") || url.hasPrefix("mongodb+srv://"), !url.utf8.contains(0) else {
            throw refusal("MONGODB_URL begins with mongodb:// or mongodb+srv://")
        }
        let prefix = settings.string("MONGODB_COLLECTION_PREFIX") ?? "stores_"
        let allowed = prefix.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard allowed, prefix.utf8.count <= 64, !prefix.hasPrefix("system") else {
            throw refusal("MONGODB_COLLECTION_PREFIX has at most 64 letters, digits, _ and -, and is not system")
        }
        let connections = settings.int("MONGODB_CONNECTIONS") ?? 8
        guard (1...128).contains(connections) else {
            throw refusal("MONGODB_CONNECTIONS is 1 to 128; got \(connections)")
        }
        self.init(
            url: url, endpoint: Redaction.endpoint(url), database: try Self.database(url), collectionPrefix: prefix,
            connections: connections,
            connectTimeout: settings.duration("MONGODB_CONNECT_TIMEOUT") ?? .milliseconds(2500)
        )
    }

    private static let defaultURL = "mongodb://127.0.0.1:27017/stores"

    /// What stands between the hosts and the options.
    private static func database(_ url: String) throws(StoreError) -> String {
        let rest = url.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        let path = rest.drop { $0 != UInt8(ascii: "/") }.dropFirst().prefix { $0 != UInt8(ascii: "?") }
        let name = String(Substring(path)).removingPercents
        if name.isEmpty { return "stores" }
        let forbidden = Array("/\\. \"$*<>:|?".utf8)
        guard name.utf8.count <= 63, !name.utf8.contains(where: { forbidden.contains($0) || $0 == 0 }) else {
            throw StoreError(
                .invalidArgument,
                "the database in MONGODB_URL has at most 63 bytes and none of / \\ . \" $ * < > : | ?",
                applied: .no, phase: .configuration)
        }
        return name
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        // A secret as a whole: it may hold a password.
        SettingDescription(
            "MONGODB_URL", .url, default: defaultURL, isSecret: true,
            example: "mongodb://user:password@host:27017/stores?authSource=admin&replicaSet=rs0",
            summary: "The servers, the database (stores, unless named) and options, as every MongoDB driver reads them."
        ),
        SettingDescription(
            "MONGODB_COLLECTION_PREFIX", .string, default: "stores_", example: "app_",
            summary: "How every collection's name begins; what shares a database and a prefix shares its data."),
        SettingDescription(
            "MONGODB_CONNECTIONS", .int, default: "8",
            summary: "Connections, 1 to 128, each with a thread that waits for the server."),
        SettingDescription(
            "MONGODB_CONNECT_TIMEOUT", .duration, default: "2500ms",
            summary: "How long connecting, and looking for a server that takes the call, may take."),
    ]
}

extension String {
    /// `%41` becomes `A`; what is no such sequence stays.
    fileprivate var removingPercents: String {
        var bytes: [UInt8] = []
        let source = Array(utf8)
        var at = 0
        while at < source.count {
            if source[at] == UInt8(ascii: "%"), at + 2 < source.count,
                let byte = UInt8(String(decoding: source[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                at += 3
            } else {
                bytes.append(source[at])
                at += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
