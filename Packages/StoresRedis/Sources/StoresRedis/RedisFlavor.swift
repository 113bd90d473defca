/// The three servers of the family, each with a name, variables and a service of its own.
enum RedisFlavor: String, Sendable, CaseIterable {
    case redis, valkey, keydb

    /// `REDIS_URL`, `VALKEY_URL`, `KEYDB_URL` and so on.
    func variable(_ name: String) -> String { "\(rawValue.uppercased())_\(name)" }

    var title: String {
        switch self {
        case .redis: "Redis"
        case .valkey: "Valkey"
        case .keydb: "KeyDB"
        }
    }
}
