#if Postgres
import Foundation
import StoresCore
import Synchronization

/// The ten nearest by pgvector's HNSW index with the same search parameters, against a loop in C; and how many of the
/// exact nearest are among them.
enum PostgresNearest: Benchmark {
    static let name = "postgres-nearest"
    static let summary = "HNSW top-10 on Postgres from 1 and 64 tasks, against a C loop over libpq; recall"

    private static let limit = 10
    private static let turns = 400

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = PostgresServer.find() else { return [] }
        let data = try bench.data()
        defer { server.dropSchema() }
        // Of four connections two are shared.
        return try await server.withStores(.vector, poolSize: 4) { stores in
            let collection = try await stores.vector.collection("packages", dimensions: DataSet.dimensions)
            try await VectorStores.fill(collection, data, repeats: 1)
            let psql = try server.psql()
            try psql.run("ANALYZE \(server.schema).vector_1;")
            psql.stop()
            return try await speed(data, collection, server) + recall(data, collection)
        }
    }

    private static func speed(_ data: DataSet, _ collection: VectorCollection, _ server: PostgresServer) async throws
        -> [Figure]
    {
        let scratch = try ScratchFolder()
        let peer = try await peer(data, server, scratch.path)
        defer { peer.stop() }
        let queries = data.queries
        @Sendable func query(_ turn: Int) async throws {
            let matches = try await collection.query(queries[turn % queries.count], limit: limit, include: [])
            guard matches.count == limit else { throw BenchError("\(matches.count) matches") }
        }
        let start = Atomic<Int>(0)
        let times = try await Timing.interleaved(
            repetitions: 15, warmUp: 2,
            [
                {
                    let first = start.load(ordering: .relaxed)
                    return try await Timing.seconds { for turn in 0..<turns { try await query(first + turn) } }
                        / Double(turns)
                },
                { try peer.seconds("\(start.load(ordering: .relaxed)) \(turns)") },
                {
                    let first = start.add(turns, ordering: .relaxed).oldValue
                    return try await 1
                        / PostgresServer.rate(tasks: 64, seconds: 0.5) { task, turn in
                            try await query(first + task * 37 + turn)
                        }
                },
            ])
        return [
            .speed(
                name, "HNSW top-10 of \(data.count.formatted), one task", ours: times[0], peer: times[1],
                peerName: peer.name, unit: .microseconds, target: .atLeast(0.9)),
            .speed(
                name, "HNSW top-10 of \(data.count.formatted), 64 tasks on two connections, each", ours: times[2],
                peer: times[1], peerName: peer.name, unit: .microseconds, target: .atLeast(1.7)),
        ]
    }

    /// What a C programmer would write: the settings once for the session, and the plainest statement.
    private static func peer(_ data: DataSet, _ server: PostgresServer, _ folder: String) async throws -> Peer {
        let file = folder + "/queries.f32"
        try data.queries.flatMap { $0 }.withUnsafeBytes { Data($0) }.write(to: URL(fileURLWithPath: file))
        let statement = """
            SELECT id, embedding <=> $1 FROM \(server.schema).vector_1 WHERE namespace = 'default'
            ORDER BY embedding <=> $1 LIMIT \(limit)
            """
        return try Peer(command: [
            try CompiledPeer.build("pg_nearest.c", library: "libpq", in: folder), server.url, file,
            "\(DataSet.dimensions)",
            statement, "SET hnsw.ef_search = 100", "SET hnsw.iterative_scan = strict_order",
        ])
    }

    // MARK: Recall

    private static func recall(_ data: DataSet, _ collection: VectorCollection) async throws -> [Figure] {
        let all = data.queries.map { Exact.cosines(data, $0) }
        var figures = [try await recall(data, all, collection, nil, "no filter")]
        for share in [0.1, 0.02, 0.001] {
            let (section, found) = data.section(ofShare: share)
            let label = "a filter that matches \(Report.number(found * 100)) %"
            figures.append(try await recall(data, all, collection, section, label))
        }
        return figures
    }

    /// Of the exact nearest that match, the share that is returned; a record that is as near as the last of them to
    /// 1e-6 stands for it.
    ///
    /// - Parameter cosines: Of each query to each record.
    private static func recall(
        _ data: DataSet, _ cosines: [[Double]], _ collection: VectorCollection, _ section: String?, _ label: String
    ) async throws -> Figure {
        let rows = data.metadata.indices.filter {
            section == nil || data.metadata[$0]["section"] == section.map(Value.string)
        }
        let places = Dictionary(uniqueKeysWithValues: rows.map { (data.ids[$0], $0) })
        let filter = section.map { Filter.field("section") == $0 }
        var shares: [Double] = []
        for (query, cosines) in zip(data.queries, cosines) {
            let wanted = min(limit, rows.count)
            let last = rows.map { cosines[$0] }.sorted(by: >)[wanted - 1]
            let matches = try await collection.query(query, where: filter, limit: limit, include: [])
            var hits = 0
            for match in matches {
                guard let row = places[match.id] else { throw BenchError("\(match.id) does not match the filter") }
                if cosines[row] >= last - 1e-6 { hits += 1 }
            }
            shares.append(Double(min(hits, wanted)) / Double(wanted))
        }
        let mean = shares.reduce(0, +) / Double(shares.count)
        return Figure(
            name, "recall@\(limit), \(label), \(shares.count) queries", value: Spread([mean]), unit: "share",
            target: .atLeast(0.98))
    }
}
#endif
