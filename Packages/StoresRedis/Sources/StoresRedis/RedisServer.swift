/// What a server says of itself.
struct RedisServer: Sendable, Hashable {
    var flavor: RedisFlavor
    var version: String
    /// `standalone`, `cluster`, `sentinel`.
    var mode: String
    /// `master`, `slave`.
    var role: String
    /// All lines of INFO.
    var fields: [String: String]

    init(info: String) {
        var fields: [String: String] = [:]
        for line in info.split(whereSeparator: \.isNewline) {
            guard line.first != "#", let colon = line.firstIndex(of: ":") else { continue }
            fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
        }
        self.fields = fields
        if let version = fields["valkey_version"] {
            flavor = .valkey
            self.version = version
        } else if fields["mvcc_depth"] != nil || (fields["executable"] ?? "").contains("keydb") {
            flavor = .keydb
            version = fields["redis_version"] ?? ""
        } else {
            flavor = .redis
            version = fields["redis_version"] ?? ""
        }
        mode = fields["redis_mode"] ?? fields["server_mode"] ?? "standalone"
        role = fields["role"] ?? ""
    }

    /// Redis 6.2, KeyDB 6.3 (which is of its level) or Valkey, whose first was 7.2.
    var isSupported: Bool {
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard numbers.count >= 2 else { return true }
        return (numbers[0], numbers[1]) >= (6, 2)
    }
}
