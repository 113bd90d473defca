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

/// Those of the adapters that are built in; see the traits in Package.swift.
let benchmarks: [any Benchmark.Type] = {
    var found: [any Benchmark.Type] = [
        TierOverhead.self, VectorScan.self, VectorFilter.self, VectorMemory.self, FilterEvaluation.self,
        ArtifactStream.self, Fusing.self, JSON.self, CLIStart.self,
    ]
    #if SQLite
    found += [SQLiteMemoryPut.self, SQLiteVectorQuery.self, SQLiteSession.self, SQLiteEvents.self]
    #endif
    #if Postgres
    found += [
        PostgresReads.self, PostgresAppends.self, PostgresBulk.self, PostgresNearest.self, PostgresWaiting.self,
        PostgresStream.self,
    ]
    #endif
    #if Redis
    found += [RedisSession.self]
    #endif
    #if Kafka
    found += [KafkaAppends.self, KafkaSubscriptions.self]
    #endif
    #if Mongo
    found += [MongoReads.self, MongoPuts.self]
    #endif
    #if HTTP
    found += [FloatArrays.self, FloatProof.self, ChromaUpsert.self, ChromaQueries.self, QdrantUpsert.self]
    #endif
    return found
}()
