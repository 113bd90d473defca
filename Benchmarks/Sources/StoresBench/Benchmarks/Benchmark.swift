/// A named group of figures.
protocol Benchmark: Sendable {
    /// What `scripts/bench` takes.
    static var name: String { get }
    static var summary: String { get }
    static func run(_ bench: Bench) async throws -> [Figure]
}

/// What the benchmarks of one run share.
final class Bench {
    private var loaded: DataSet?

    func data() throws -> DataSet {
        if let loaded { return loaded }
        let data = try DataSet.load()
        loaded = data
        return data
    }

    var dataSource: String { loaded?.source ?? "none needed" }
}

let benchmarks: [any Benchmark.Type] = [
    TierOverhead.self, VectorScan.self, VectorFilter.self, VectorMemory.self, SQLiteMemoryPut.self,
    FilterEvaluation.self,
    ArtifactStream.self, SQLiteVectorQuery.self, SQLiteSession.self, SQLiteEvents.self, PostgresReads.self,
    PostgresAppends.self, PostgresBulk.self, PostgresNearest.self, PostgresWaiting.self, PostgresStream.self,
    Fusing.self, JSON.self,
    CLIStart.self, RedisSession.self,
    FloatArrays.self, FloatProof.self, ChromaUpsert.self, ChromaQueries.self, QdrantUpsert.self,
]
