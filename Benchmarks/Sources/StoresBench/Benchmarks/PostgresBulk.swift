#if Postgres
import Foundation
import StoresCore
@_spi(Benchmarks) import StoresPostgres

/// Ten thousand records with vectors and metadata into a table without a vector index, against psql copying the same
/// rows, ready made in a file, into an empty table of the same columns and indexes.
enum PostgresBulk: Benchmark {
    static let name = "postgres-bulk"
    static let summary = "bulk upsert on Postgres, and its COPY alone, against psql's \\copy of the same rows"

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = PostgresServer.find() else { return [] }
        let data = try bench.data()
        let records = (0..<data.count).map {
            VectorRecord(id: data.ids[$0], vector: data.vector($0), metadata: data.metadata[$0])
        }
        let batch = try PostgresVectorBatch(records)
        let scratch = try ScratchFolder()
        let folder = scratch.path
        defer { server.dropSchema() }
        return try await server.withStores(.vector) { stores in
            let collection = try await stores.vector.collection(
                "packages", dimensions: DataSet.dimensions, options: ["index": "none"])
            let psql = try server.psql()
            defer { psql.stop() }
            let (ours, theirs) = ("\(server.schema).vector_1", "\(server.schema).copied")
            // The rows as the adapter writes them.
            try await upsert(records, into: collection)
            try psql.run("\\copy \(ours) to '\(folder)/rows' with (format binary)")
            try psql.run("CREATE TABLE \(theirs) (LIKE \(ours) INCLUDING ALL);")
            func copied(_ table: String) throws {
                guard try psql.run("SELECT count(*) FROM \(table);") == ["\(data.count)"] else {
                    throw BenchError("not all rows are in \(table)")
                }
            }
            let times = try await Timing.interleaved(
                repetitions: 15, warmUp: 2,
                [
                    {
                        try psql.run("TRUNCATE \(theirs);")
                        let seconds = try psql.seconds("\\copy \(theirs) from '\(folder)/rows' with (format binary)")
                        try copied(theirs)
                        return seconds
                    },
                    {
                        try psql.run("TRUNCATE \(ours);")
                        return try await Timing.seconds { try await upsert(records, into: collection) }
                    },
                    {
                        // All are there by now.
                        try copied(ours)
                        return try await Timing.seconds { try await upsert(records, into: collection) }
                    },
                    {
                        try psql.run("TRUNCATE \(theirs);")
                        return try await stores.vector.withNative(PostgresPool.self) { pool in
                            try await Timing.seconds {
                                let count = try await pool.copy(batch, into: theirs, deadline: .after(.seconds(30)))
                                guard count == data.count else { throw BenchError("\(count) rows were copied") }
                            }
                        }
                    },
                ])
            let what = "\(data.count.formatted) × \(DataSet.dimensions)"
            func figure(_ label: String, _ index: Int, _ target: Figure.Target?) -> Figure {
                .speed(
                    name, "\(label), \(what)", ours: times[index], peer: times[0], peerName: "\(psql.name) \\copy",
                    unit: .milliseconds, target: target)
            }
            return [
                figure("upsert of new records", 1, .atLeast(0.7)),
                figure("upsert of records that are there, against \\copy into an empty table", 2, nil),
                figure("COPY alone", 3, .atLeast(0.95)),
            ]
        }
    }

    private static func upsert(_ records: [VectorRecord], into collection: VectorCollection) async throws {
        let receipt = try await collection.upsert(records)
        guard receipt.result.failed.isEmpty else { throw BenchError("not all records were written") }
    }
}
#endif
