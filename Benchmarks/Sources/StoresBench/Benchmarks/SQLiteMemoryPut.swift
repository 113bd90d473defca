#if SQLite
import StoresCore

/// Facts written in batches of 1,000, each batch one transaction, against Python's sqlite3, whose loop is C: the same
/// rows of all three tables, in a file of the same schema and pragmas. Python gets the words and checksums ready made,
/// and encodes the attributes, as whoever puts a dictionary into SQLite must; in a second row those are ready made
/// too. Ours makes all of it, and looks whether the fact is there.
enum SQLiteMemoryPut: Benchmark {
    static let name = "sqlite-memory-put"
    static let summary = "MemoryStore.put on SQLite in batches of 1,000, against python's sqlite3 executemany"

    private static let batch = 1000

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        let drafts = (0..<data.count).map { row in
            FactDraft(
                id: data.ids[row], scope: ["debian", section(data.metadata[row])], content: data.texts[row],
                attributes: data.metadata[row], source: "benchmark")
        }
        let scratch = try ScratchFolder()
        let files = SQLiteFiles(folder: scratch.path)
        let template = files.next()
        _ = try await put(drafts, template)
        let peer = try Peer("sqlite_rows.py", [template, scratch.path])
        defer { peer.stop() }
        let times = try await Timing.interleaved(
            repetitions: 9, warmUp: 1,
            [
                { try await put(drafts, files.next()) }, { try peer.seconds("write \(batch)") },
                { try peer.seconds("encode \(batch) stores_facts attributes") },
            ])
        return [
            .speed(
                name, "put of \(data.count.formatted) facts in batches of \(batch.formatted)", ours: times[0],
                peer: times[2], peerName: "\(peer.name), json.dumps of the attributes", unit: .microseconds,
                per: data.count, target: .atLeast(1)),
            .speed(
                name, "the same, against python that only inserts", ours: times[0], peer: times[1],
                peerName: "\(peer.name), rows ready made", unit: .microseconds, per: data.count),
        ]
    }

    /// The seconds of writing all into a new file.
    private static func put(_ drafts: [FactDraft], _ path: String) async throws -> Double {
        try await SQLiteStores.withOpen(path, .memory) { stores in
            try await Timing.seconds {
                for start in stride(from: 0, to: drafts.count, by: batch) {
                    let part = Array(drafts[start..<min(start + batch, drafts.count)])
                    let result = try await stores.memory.put(part)
                    if let failure = result.failed.first { throw failure.error }
                }
            }
        }
    }

    private static func section(_ metadata: Metadata) -> String {
        if case .string(let section)? = metadata["section"] { section } else { "none" }
    }
}
#endif
