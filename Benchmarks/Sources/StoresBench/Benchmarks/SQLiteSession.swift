#if SQLite
import StoresCore

/// Session values one at a time: each set a transaction that the disk has, each get a statement.
enum SQLiteSession: Benchmark {
    static let name = "sqlite-session"
    static let summary = "SessionStore set and get on SQLite, one at a time, against python's sqlite3"

    private static let count = 1000

    static func run(_ bench: Bench) async throws -> [Figure] {
        let value = SessionValue(String(repeating: "0123456789abcdef", count: 16))
        let keys = (0..<count).map { "session/\($0)" }
        let scratch = try ScratchFolder()
        let files = SQLiteFiles(folder: scratch.path)
        let template = files.next()
        _ = try await set(keys, value, template)
        let peer = try Peer("sqlite_rows.py", [template, scratch.path])
        defer { peer.stop() }
        return try await SQLiteStores.withOpen(template, .session) { stores in
            let times = try await Timing.interleaved(
                repetitions: 9, warmUp: 1,
                [
                    { try await set(keys, value, files.next()) },
                    { try peer.seconds("write 1") },
                    { try await Timing.seconds { for key in keys { keep(try await stores.session.get(key)) } } },
                    { try peer.seconds("read stores_sessions key") },
                ])
            return [
                .speed(
                    name, "set of a session value of 256 bytes", ours: times[0], peer: times[1], peerName: peer.name,
                    unit: .microseconds, per: count),
                .speed(
                    name, "get of a session value of 256 bytes", ours: times[2], peer: times[3], peerName: peer.name,
                    unit: .microseconds, per: count),
            ]
        }
    }

    private static func set(_ keys: [String], _ value: SessionValue, _ path: String) async throws -> Double {
        try await SQLiteStores.withOpen(path, .session) { stores in
            try await Timing.seconds {
                for key in keys { try await stores.session.set(key, value, expiry: .never) }
            }
        }
    }
}
#endif
