import StoresCore
import Testing

/// Queries where the bounds of a scan are hardest: filters of any selectivity, many equal rows, lengths out of range.
@Suite struct InMemoryVectorScanTests {
    private let driver = InMemoryVectorDriver()
    private let context = CallContext(deadline: .after(.seconds(60)))

    private func target(_ dimensions: Int, _ metric: VectorMetric) async throws -> VectorTarget {
        let spec = VectorCollectionSpec(name: "scan", dimensions: dimensions, metric: metric)
        return VectorTarget(
            collection: try await driver.ensureCollection(spec, mode: .create, context: context), namespace: "n")
    }

    private func upsert(_ records: [VectorRecord], _ target: VectorTarget) async throws {
        _ = try await driver.upsert(records, into: target, visibility: .accepted, context: context)
    }

    private func similarity(_ metric: VectorMetric, _ a: [Float], _ b: [Float]) -> Double {
        let pairs = zip(a, b).map { (Double($0), Double($1)) }
        let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
        switch metric {
        case .dot: return dot
        case .euclidean: return -pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .cosine:
            let norms = pairs.reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1) }
            return dot / (norms.0.squareRoot() * norms.1.squareRoot())
        }
    }

    private func expected(
        _ records: [VectorRecord], _ metric: VectorMetric, _ query: [Float], _ limit: Int
    ) -> [(String, Double)] {
        Array(
            records.map { ($0.id, similarity(metric, query, $0.vector)) }
                .sorted { $0.1 == $1.1 ? $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) : $0.1 > $1.1 }
                .prefix(limit))
    }

    @Test(arguments: [1, 10, 130, 500, 900], [VectorMetric.cosine, .euclidean])
    func `V9 filters of any selectivity are exact`(perMille: Int, metric: VectorMetric) async throws {
        var random = SeededGenerator(UInt64(perMille))
        let target = try await target(48, metric)
        let records = (0..<9000).map { row in
            VectorRecord(
                id: "r\(row)", vector: (0..<48).map { _ in Float.random(in: -1...1, using: &random) },
                metadata: ["n": .int(Int64(row * 7919 % 1000)), "unique": .int(Int64(row))])
        }
        for start in stride(from: 0, to: records.count, by: 1000) {
            try await upsert(Array(records[start..<start + 1000]), target)
        }
        let filters: [Filter] = [
            .less("n", .int(Int64(perMille))),
            .and([.less("n", .int(Int64(perMille))), .greaterOrEqual("unique", 3000)]),
        ]
        for filter in filters {
            let matching = records.filter { PlainFilter.matches(filter, $0.metadata) }
            for limit in [1, 10, 200] {
                let query = (0..<48).map { _ in Float.random(in: -1...1, using: &random) }
                let found = try await driver.query(
                    VectorQuery(vector: query, filter: filter, limit: limit), in: target, context: context)
                #expect(found.map(\.id) == expected(matching, metric, query, limit).map(\.0))
            }
        }
    }

    @Test(arguments: [VectorMetric.cosine, .dot, .euclidean])
    func `V8 rows that differ in low bits alone, and equal ones, are told apart`(metric: VectorMetric) async throws {
        var random = SeededGenerator(44)
        let target = try await target(33, metric)
        let base = (0..<33).map { _ in Float.random(in: 0.5...1, using: &random) }
        let records = (0..<3000).map { row in
            // Ten of each. Most have the same high plane.
            var vector = base
            let bits = vector[row / 10 % 33].bitPattern & 0xFFFF_0000
            vector[row / 10 % 33] = Float(bitPattern: bits | UInt32(row / 10 * 100))
            return VectorRecord(id: "r\(row * 7 % 3000)", vector: vector)
        }
        try await upsert(records, target)
        for limit in [1, 7, 25] {
            let query = base.map { $0 * Float.random(in: 0.9...1.1, using: &random) }
            let found = try await driver.query(VectorQuery(vector: query, limit: limit), in: target, context: context)
            let wanted = expected(records, metric, query, limit)
            #expect(found.map(\.id) == wanted.map(\.0))
            for (match, wanted) in zip(found, wanted) {
                #expect(abs((match.similarity ?? .nan) - wanted.1) <= 1e-12 * max(1, abs(wanted.1)))
            }
        }
    }

    @Test(arguments: [VectorMetric.cosine, .dot, .euclidean])
    func `Denormal and enormous vectors among ordinary ones`(metric: VectorMetric) async throws {
        var random = SeededGenerator(45)
        let target = try await target(20, metric)
        func vector(_ scale: Float) -> [Float] {
            (0..<20).map { _ in Float.random(in: -1...1, using: &random) * scale }
        }
        let scales: [Float] = [0x1p-140, 1e-38, 1e-15, 1, 1, 1, 1e15, 1e38, 3.4e38]
        let records = (0..<1800).map { VectorRecord(id: "r\($0)", vector: vector(scales[$0 % scales.count])) }
        try await upsert(records, target)
        for scale in scales {
            let query = vector(scale)
            for limit in [1, 30, 900] {
                let found = try await driver.query(
                    VectorQuery(vector: query, limit: limit), in: target, context: context)
                let wanted = expected(records, metric, query, limit)
                #expect(found.count == limit)
                for (match, wanted) in zip(found, wanted) {
                    #expect(abs((match.similarity ?? .nan) - wanted.1) <= 1e-9 * max(1e-300, abs(wanted.1)))
                }
            }
        }
    }
}
