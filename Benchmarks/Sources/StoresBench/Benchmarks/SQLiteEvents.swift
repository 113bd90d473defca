#if SQLite
import StoresCore

/// Events appended one at a time, each a transaction that the disk has, and a hundred at a time.
enum SQLiteEvents: Benchmark {
    static let name = "sqlite-events"
    static let summary = "EventStore.append on SQLite, single and batched, against python's sqlite3"

    static func run(_ bench: Bench) async throws -> [Figure] {
        try await append(count: 1000, batch: 1) + append(count: 10_000, batch: 100)
    }

    private static func append(count: Int, batch: Int) async throws -> [Figure] {
        let data = Array(#"{"package":"libexample","version":"1.2.3-4","action":"installed"}"#.utf8)
        let events = (0..<count).map { NewEvent(id: "event-\($0)", type: "package.installed", data: data) }
        let scratch = try ScratchFolder()
        let files = SQLiteFiles(folder: scratch.path)
        let template = files.next()
        _ = try await write(events, batch, template)
        let peer = try Peer("sqlite_rows.py", [template, scratch.path])
        defer { peer.stop() }
        let times = try await Timing.interleaved(
            repetitions: 9, warmUp: 1,
            [{ try await write(events, batch, files.next()) }, { try peer.seconds("write \(batch)") }])
        let what = batch == 1 ? "append of one event" : "append of \(batch) events at a time, each event"
        return [
            .speed(
                name, what, ours: times[0], peer: times[1], peerName: peer.name, unit: .microseconds, per: count)
        ]
    }

    private static func write(_ events: [NewEvent], _ batch: Int, _ path: String) async throws -> Double {
        try await SQLiteStores.withOpen(path, .event) { stores in
            try await Timing.seconds {
                for start in stride(from: 0, to: events.count, by: batch) {
                    let expected: ExpectedRevision = start == 0 ? .noStream : .exact(Int64(start - 1))
                    try await stores.event.append(
                        Array(events[start..<min(start + batch, events.count)]), to: "packages", expected: expected)
                }
            }
        }
    }
}
#endif
