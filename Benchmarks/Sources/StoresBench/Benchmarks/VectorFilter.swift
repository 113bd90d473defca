import StoresCore

/// What a selective filter saves: the same query with and without one that a hundredth of the records match.
enum VectorFilter: Benchmark {
    static let name = "vector-filter"
    static let summary = "in-memory query with a filter of 1 % selectivity, against the query without"

    private static let repeats = 10

    static func run(_ bench: Bench) async throws -> [Figure] {
        let data = try bench.data()
        let (section, share) = data.section(ofShare: 0.01)
        let filter = Filter.field("section") == section
        let queries = 9
        return try await VectorStores.withCollection(
            data, repeats: repeats, fields: [FieldDefinition("section", .string)]
        ) { collection in
            var start = 0
            func run(_ filter: Filter?) async throws -> Double {
                try await Timing.medianSeconds(queries) { offset in
                    let query = data.queries[(start + offset) % data.queries.count]
                    let matches = try await collection.query(query, where: filter, limit: VectorScan.limit)
                    guard matches.count == VectorScan.limit else {
                        throw BenchError("\(matches.count) matches instead of \(VectorScan.limit)")
                    }
                }
            }
            let times = try await Timing.interleaved(
                repetitions: 15,
                [
                    { try await run(filter) },
                    {
                        defer { start += queries }
                        return try await run(nil)
                    },
                ])
            return [
                .speed(
                    name,
                    "filter that matches \(Report.number(share * 100)) % of \((data.count * repeats).formatted)",
                    ours: times[0], peer: times[1], peerName: "no filter", unit: .milliseconds, target: .atLeast(10))
            ]
        }
    }
}
