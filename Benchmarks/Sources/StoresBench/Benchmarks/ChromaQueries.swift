#if HTTP
import CMeasure
import Foundation
import StoresChroma
import StoresCore
import StoresHTTP

/// Queries on real Chroma: what a query costs above the exchange itself, and how much of the exact answer comes.
enum ChromaQueries: Benchmark {
    static let name = "chroma-queries"
    static let summary = "queries on Chroma: time above a bare HTTP exchange, and recall with and without filters"

    private static let limit = 10

    static func run(_ bench: Bench) async throws -> [Figure] {
        guard let server = RESTServer.find(StoresChroma.self, "chroma", service: "chroma") else { return [] }
        let data = try bench.data()
        return try await server.withStores { stores in
            let name = "bench-\(UInt32.random(in: .min ... .max))"
            let collection = try await stores.vector.collection(name, dimensions: DataSet.dimensions)
            let receipt = try await collection.upsert(data.records())
            guard receipt.result.isComplete else { throw BenchError("not all records were written") }
            var figures = try await recall(collection, data)
            figures += try await overhead(stores, name, records: data.count, server, data)
            _ = try await stores.vector.dropCollection(name, confirming: name)
            // The server is done with these before the client's code has left the processor's caches.
            let few = try await stores.vector.collection(name, dimensions: DataSet.dimensions)
            try await few.upsert(Array(data.records().prefix(100))).result.throwIfFailed()
            figures += try await overhead(stores, name, records: 100, server, data)
            _ = try await stores.vector.dropCollection(name, confirming: name)
            return figures
        }
    }

    // MARK: Recall

    private static func recall(_ collection: VectorCollection, _ data: DataSet) async throws -> [Figure] {
        let sizes = data.metadata.map { metadata -> Int64 in
            if case .int(let size)? = metadata["debBytes"] { size } else { 0 }
        }
        let descending = sizes.sorted(by: >)
        var figures = [try await recall(collection, data, Array(0..<data.count), nil, "without a filter")]
        for share in [0.1, 0.02, 0.001] {
            let bound = descending[Int(Double(data.count) * share)]
            let rows = (0..<data.count).filter { sizes[$0] > bound }
            figures.append(
                try await recall(
                    collection, data, rows, .field("debBytes") > bound,
                    "with a filter that matches \(Report.number(100 * Double(rows.count) / Double(data.count))) %"))
        }
        return figures
    }

    /// The share of the exact nearest among the rows that a query gives, the mean of all queries.
    private static func recall(
        _ collection: VectorCollection, _ data: DataSet, _ rows: [Int], _ filter: Filter?, _ what: String
    ) async throws -> Figure {
        var shares: [Double] = []
        for query in data.queries {
            let exact = rows.map { row -> (similarity: Float, row: Int) in
                let vector = data.vectors[row * DataSet.dimensions..<(row + 1) * DataSet.dimensions]
                return (zip(vector, query).reduce(0) { $0 + $1.0 * $1.1 }, row)
            }.sorted { $0.similarity > $1.similarity }.prefix(limit)
            guard let last = exact.last else { throw BenchError("the filter matches nothing") }
            let found = try await collection.query(query, where: filter, limit: limit).matches
            let ids = Set(exact.map { data.ids[$0.row] })
            // One that ties with the last is as good.
            let hits = found.filter { ids.contains($0.id) || ($0.similarity ?? -1) >= Double(last.similarity) - 1e-5 }
            shares.append(Double(min(hits.count, exact.count)) / Double(exact.count))
        }
        return Figure(
            name, "recall@\(limit) of \(data.queries.count) queries \(what)",
            value: Spread([shares.reduce(0, +) / Double(shares.count)]), unit: "share", target: .atLeast(0.98))
    }

    // MARK: Overhead

    /// Above the same body to the same path on a socket, whose reply nobody looks at: what a query costs, and what of
    /// that is the HTTP client's.
    private static func overhead(
        _ stores: Stores, _ name: String, records: Int, _ server: RESTServer, _ data: DataSet
    ) async throws -> [Figure] {
        let collection = try await stores.vector.collection(name, dimensions: DataSet.dimensions)
        let service = try await stores.vector.withNative(HTTPService.self) { $0 }
        let path = base + ["collections", try await uuid(of: name, service), "query"]
        let bodies = data.queries.map(body)
        let context = CallContext(deadline: .after(.seconds(600)))
        return [
            try await above("query of \(records) records, limit \(limit)", path, bodies, server, .atMost(0.3)) {
                index in
                keep(try await collection.query(data.queries[index], limit: limit))
            },
            try await above("its exchange alone, \(records) records, HTTPService", path, bodies, server, nil) {
                index in
                keep(try await service.send(HTTPCall(.post, path, body: bodies[index]), context: context))
            },
        ]
    }

    private static func above(
        _ what: String, _ path: [String], _ bodies: [[UInt8]], _ server: RESTServer, _ target: Figure.Target?,
        _ body: (Int) async throws -> Void
    ) async throws -> Figure {
        let requests = bodies.map { body in
            let head =
                "POST /\(path.joined(separator: "/")) HTTP/1.1\r\nhost: 127.0.0.1:\(server.port)\r\n"
                + "content-type: application/json\r\ncontent-length: \(body.count)\r\n\r\n"
            return Array(head.utf8) + body
        }
        let connection = measure_connect(server.port)
        guard connection >= 0 else { throw BenchError("\(server.url) takes no connection") }
        defer { measure_close(connection) }
        var turns: [(first: Double, second: Double, difference: Double)] = []
        for _ in 0..<8 {
            turns.append(
                try await Timing.medianPairs(bodies.count, body) { index in
                    let status = requests[index].withUnsafeBytes {
                        measure_exchange(connection, $0.baseAddress, $0.count)
                    }
                    guard status == 200 else { throw BenchError("the bare exchange ended with \(status)") }
                })
        }
        // The first warms up.
        turns.removeFirst()
        return Figure(
            name, "\(what): time above a bare HTTP exchange",
            value: Spread(turns.map { $0.difference * 1e3 }), unit: "ms",
            pair: Figure.Pair(
                ours: Spread(turns.map { $0.first * 1e3 }), peer: Spread(turns.map { $0.second * 1e3 }),
                peerName: "the same request on a socket", unit: "ms"),
            target: target)
    }

    private static let base = ["api", "v2", "tenants", "default_tenant", "databases", "default_database"]

    /// Chroma's own id of the collection of that name.
    private static func uuid(of name: String, _ service: HTTPService) async throws -> String {
        let context = CallContext(deadline: .after(.seconds(30)))
        let reply = try await service.send(HTTPCall(.get, base + ["collections"]), context: context)
        guard case .array(let all) = try JSONReader.value(from: reply.body) else {
            throw BenchError("Chroma lists no collections")
        }
        for case .object(let fields) in all {
            if case .object(let metadata)? = fields["metadata"], metadata["stores.name"] == .string(name),
                case .string(let id)? = fields["id"]
            {
                return id
            }
        }
        throw BenchError("Chroma does not have the collection \(name)")
    }

    /// As many results and the same columns as the adapter asks for.
    private static func body(_ query: [Float]) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"query_embeddings\":[")
        writer.append(query)
        writer.raw("],\"n_results\":")
        writer.append(limit + NearestMatches.margin)
        writer.raw(",\"include\":[\"distances\",\"metadatas\"]}")
        return writer.finish()
    }
}
#endif
