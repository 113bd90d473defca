import StoresCore

/// A URL of a server, its sentinels or the nodes of a cluster, taken apart.
///
/// `redis://user:password@host:6379/0`, `redis://one:7000,two:7000`, `unix:///run/redis.sock?db=1`,
/// `redis+sentinel://one:26379,two:26379/primary/0`.
struct RedisURL: Sendable, Hashable {
    enum Scheme: Sendable, Hashable {
        case plain, tls, unix, sentinel
    }

    var scheme: Scheme
    /// Over TLS, to sentinels and to the primary that they name alike.
    var isSecure = false
    var addresses: [RedisAddress]
    var user: String?
    var password: String?
    var primary: String?
    var database = 0

    /// - Throws: `invalidArgument`, which does not repeat the URL: it may hold a password.
    init(_ text: String, variable: String) throws(StoreError) {
        func refusal(_ problem: String) -> StoreError {
            StoreError(
                .invalidArgument, "\(variable) \(problem)",
                remedy: "give it the form redis://[user:password@]host:port[/database], "
                    + "redis+sentinel://host:port,host:port/primary[/database] or unix:///path/of/socket",
                applied: .no, phase: .configuration)
        }
        guard let separator = text.firstRange(of: "://") else { throw refusal("is no URL") }
        switch text[..<separator.lowerBound].lowercased() {
        case "redis", "valkey", "keydb", "tcp": scheme = .plain
        case "rediss", "valkeys": (scheme, isSecure) = (.tls, true)
        case "rediss+sentinel", "valkeys+sentinel": (scheme, isSecure) = (.sentinel, true)
        case "unix", "redis+socket", "redis+unix": scheme = .unix
        case "redis+sentinel", "sentinel", "valkey+sentinel": scheme = .sentinel
        default: throw refusal("has an unknown scheme")
        }
        var rest = text[separator.upperBound...]
        var query: Substring = ""
        if let mark = rest.lastIndex(of: "?"), mark >= (rest.lastIndex(of: "@") ?? rest.startIndex) {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        // The last "@": a password may hold one that is not escaped.
        if let at = rest.lastIndex(of: "@") {
            let information = rest[..<at]
            rest = rest[rest.index(after: at)...]
            let colon = information.firstIndex(of: ":")
            guard let user = Self.unescape(information[..<(colon ?? information.endIndex)]),
                let password = Self.unescape(colon.map { information[information.index(after: $0)...] } ?? "")
            else { throw refusal("has a user or password with a broken % escape") }
            self.user = user.isEmpty ? nil : user
            self.password = password.isEmpty ? nil : password
            if self.user != nil, self.password == nil { throw refusal("has a user without a password") }
        }
        if scheme == .unix {
            guard let path = Self.unescape(rest), path.first == "/" else {
                throw refusal("names a socket by an absolute path")
            }
            addresses = [.unix(path: path)]
        } else {
            let slash = rest.firstIndex(of: "/") ?? rest.endIndex
            var parts = rest[slash...].split(separator: "/", omittingEmptySubsequences: true)
            let hosts = rest[..<slash].isEmpty ? "127.0.0.1" : rest[..<slash]
            addresses = []
            for host in hosts.split(separator: ",", omittingEmptySubsequences: false) {
                guard let address = RedisAddress(host, defaultPort: scheme == .sentinel ? 26379 : 6379) else {
                    throw refusal("has a host and port that are none")
                }
                addresses.append(address)
            }
            if scheme == .sentinel {
                guard !parts.isEmpty, let name = Self.unescape(parts.removeFirst()) else {
                    throw refusal("names no primary; after the sentinels comes its name")
                }
                primary = name
            }
            if let number = parts.first {
                guard parts.count == 1, let value = Int(number), value >= 0 else {
                    throw refusal("ends with the number of a database")
                }
                database = value
            }
        }
        for item in query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0] == "db", let value = Int(pair[1]), value >= 0 else {
                throw refusal("knows the query item db alone, a number")
            }
            database = value
        }
    }

    private static func unescape(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
