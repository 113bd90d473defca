import StoresCore

/// How far a scan has come: the position that SCAN gave out, by which server process; and in a cluster, where it is
/// and what the slots were like when it began.
struct RedisScanPlace: Sendable, Hashable {
    /// What a scan of a cluster is doing.
    enum Pass: String, Sendable {
        /// One server after the other.
        case first
        /// The servers that keys were on their way to when the first pass ended; every one, where slots have moved.
        /// What moved while it was under way is met there. A key would have to move twice to be missed.
        case targets
        case everywhere
    }

    /// Nil where there is one server, and before the first of a cluster.
    private(set) var server: RedisAddress?
    private(set) var process = ""
    private(set) var position = "0"
    private(set) var pass = Pass.first
    /// The fingerprint of the cluster's map at the beginning.
    private(set) var map: UInt64 = 0
    private(set) var isAtEnd = false

    init() {}

    /// - Throws: `invalidArgument` for a cursor of another form.
    init(_ cursor: Cursor) throws(StoreError) {
        let parts = try CursorCodec.decode(cursor, parts: 5...5)
        guard let position = UInt64(parts[2]), let pass = Pass(rawValue: parts[3]), let map = UInt64(parts[4]),
            parts[1].utf8.count <= 64
        else { throw CursorCodec.refused }
        if !parts[0].isEmpty {
            guard let address = RedisAddress(parts[0], defaultPort: 6379) else { throw CursorCodec.refused }
            server = address
        }
        self.position = String(position)
        process = parts[1]
        self.pass = pass
        self.map = map
    }

    var cursor: Cursor {
        CursorCodec.encode([server?.description ?? "", process, position, pass.rawValue, "\(map)"])
    }

    /// At the beginning of a cluster's server.
    mutating func enter(_ server: RedisAddress, _ pass: Pass, map: UInt64 = 0) {
        self = RedisScanPlace()
        (self.server, self.pass, self.map) = (server, pass, map)
    }

    /// - Returns: Whether this server has no more.
    mutating func advance(to position: String, process: String) -> Bool {
        (self.position, self.process) = (position, process)
        return position == "0"
    }

    mutating func end() { isAtEnd = true }
}
