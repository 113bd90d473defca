#if SQLite
import StoresCore

/// The exact vector query on SQLite next to the in-memory one over the same records.
enum SQLiteVectorQuery: Benchmark {
    static let name = "sqlite-vector-query"
    static let summary = "exact vector query on SQLite, against the in-memory store"

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        let scratch = try ScratchFolder()
        let files = SQLiteFiles(folder: scratch.path)
        return try await SQLiteStores.withOpen(files.next(), .vector) { stores in
            let sqlite = try await stores.vector.collection("packages", dimensions: DataSet.dimensions)
            try await VectorStores.fill(sqlite, data, repeats: 1)
            return try await VectorStores.withCollection(data) { memory in
                let queries = 10
                var start = 0
                func run(_ collection: VectorCollection) async throws -> Double {
                    try await Timing.medianSeconds(queries) { offset in
                        let query = data.queries[(start + offset) % data.queries.count]
                        keep(try await collection.query(query, limit: VectorScan.limit))
                    }
                }
                let times = try await Timing.interleaved(
                    repetitions: 11,
                    [
                        { try await run(sqlite) },
                        {
                            defer { start += queries }
                            return try await run(memory)
                        },
                    ])
                return [
                    .speed(
                        name, "exact query on SQLite, \(data.count.formatted) × \(DataSet.dimensions)", ours: times[0],
                        peer: times[1], peerName: "in-memory store", unit: .milliseconds)
                ]
            }
        }
    }
}
#endif
