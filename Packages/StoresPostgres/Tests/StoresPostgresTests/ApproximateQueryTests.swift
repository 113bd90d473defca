import StoresCore
import Testing

@testable import StoresPostgres

/// Namespaces that are large enough for an index.
@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct ApproximateQueryTests {
    private static let dimensions = 24
    private static let count = 4000

    /// Around few centres, as embeddings are; `rare` is true of 0.1 %.
    private static func records(_ g: inout Generator) -> [VectorRecord] {
        let centres = (0..<40).map { _ in g.vector(dimensions) }
        return (0..<count).map { number in
            let centre = centres[number % centres.count]
            return VectorRecord(
                id: "r\(number)", vector: zip(centre, g.vector(dimensions)).map { $0 + $1 * 0.4 },
                metadata: ["n": .int(Int64(number)), "rare": .bool(number % 1000 == 7)])
        }
    }

    private static func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }

    private func query(
        _ store: DataStore, _ vector: [Float], _ target: VectorTarget, filter: Filter? = nil, limit: Int = 10
    ) async throws -> VectorMatches {
        try await store.vector.query(
            VectorQuery(vector: vector, filter: filter, limit: limit, include: []), in: target,
            context: DataStore.context())
    }

    @Test(
        arguments: [
            [:], ["quantization": "halfvec"], ["index": "ivfflat", "ivfflat.lists": "20", "ivfflat.probes": "10"],
            ["hnsw.m": "8", "hnsw.ef_construction": "32", "hnsw.ef_search": "200"], ["index.build": "later"],
        ] as [[String: String]])
    func recallIsHighAndFilteredQueriesAreComplete(_ options: [String: String]) async throws {
        try await DataStore.with { store in
            var g = Generator(seed: 5)
            let target = try await store.collection("large", Self.dimensions, options: options)
            let records = Self.records(&g)
            _ = try await store.vector.upsert(
                records, into: target, visibility: .accepted, context: DataStore.context())
            // An index that was to come later comes now.
            _ = try await store.vector.ensureCollection(target.collection, mode: .create, context: DataStore.context())
            let isIndexed = try await store.vector.find("large", DataStore.context())?.isIndexed
            #expect(isIndexed == true)
            var found = 0
            for _ in 0..<20 {
                let question = g.pick(records).vector.map { $0 + 0.05 }
                let exact = records.map { ($0.id, Self.cosine($0.vector, question)) }.sorted { $0.1 > $1.1 }
                let similarities = Dictionary(uniqueKeysWithValues: exact)
                let matches = try await query(store, question, target)
                #expect(matches.count == 10 && matches.isComplete)
                for match in matches {
                    #expect(abs((match.similarity ?? .nan) - (similarities[match.id] ?? .nan)) < 1e-4)
                }
                found += Set(exact.prefix(10).map(\.0)).intersection(matches.map(\.id)).count
                let rare = try await query(store, question, target, filter: .field("rare") == true)
                let expected = exact.filter { records[Int($0.0.dropFirst()) ?? 0].metadata["rare"] == true }.map(\.0)
                #expect(rare.map(\.id) == expected, "the rare ones, in order")
                let one = try await query(store, question, target, filter: .field("n") == 1234, limit: 5)
                #expect(one.map(\.id) == ["r1234"])
            }
            #expect(found >= 190, "recall: \(found) of 200")
            let many = try await query(store, records[0].vector, target, limit: 1500)
            #expect(Set(many.map(\.id)).count == 1500)
            let all = try await query(store, records[0].vector, target, limit: Self.count + 1)
            #expect(all.count == Self.count)
            let half = try await query(
                store, records[0].vector, target, filter: .less("n", .int(Int64(Self.count / 2))), limit: 100)
            #expect(half.count == 100)
        }
    }

    @Test func theIndexIsUsedAndSearchesAsItIsTold() async throws {
        try await DataStore.with { store in
            var g = Generator(seed: 6)
            let target = try await store.collection("planned", Self.dimensions)
            let records = Self.records(&g)
            _ = try await store.vector.upsert(
                records, into: target, visibility: .accepted, context: DataStore.context())
            let collection = try #require(try await store.vector.find("planned", DataStore.context()))
            _ = try await store.pool.query(
                "ANALYZE \(collection.table)", .write, isPrepared: false, deadline: .after(.seconds(60)))
            var arguments = PostgresArguments([.vector(records[0].vector), .text("default")])
            let sql = try store.vector.nearest(
                collection, ["hnsw.ef_search": "77"], filter: nil, limit: 10, columns: "", names: "", isExact: false,
                &arguments)
            let plan = try await store.plan(sql, arguments.values)
            #expect(plan.contains("Index Scan using \(collection.table)_embedding"), "\(plan)")
            #expect(plan.contains("One-Time Filter"), "the settings are made before the scan:\n\(plan)")
            // The statement sets them for its transaction, and the connection forgets them.
            let inside = try await store.pool.group(
                [
                    PostgresCommand(sql, arguments.values, isPrepared: false),
                    PostgresCommand("SELECT current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan')"),
                ], .read, deadline: .after(.seconds(10)))
            #expect(try inside[1].first?.text(0) == "77")
            #expect(try inside[1].first?.text(1) == "relaxed_order")
            var arguments2 = PostgresArguments([.vector(records[0].vector), .text("default")])
            let exact = try store.vector.nearest(
                collection, [:], filter: nil, limit: 10, columns: "", names: "", isExact: true, &arguments2)
            #expect(try await !store.plan(exact, arguments2.values).contains("_embedding"))
        }
    }

    @Test func anotherIndexThanTheOneThereIsAMismatch() async throws {
        try await DataStore.with { store in
            let target = try await store.collection("c", 3, options: ["hnsw.m": "8"])
            var other = target.collection
            for options in [["hnsw.m": "16"], ["index": "none"], ["quantization": "halfvec"]] {
                other.options = options
                let spec = other
                let error = await #expect(throws: StoreError.self) {
                    try await store.vector.ensureCollection(spec, mode: .create, context: DataStore.context())
                }
                #expect(error?.code == .schemaMismatch)
            }
            for options in [[:], ["hnsw.m": "8"], ["hnsw.m": "8", "hnsw.ef_search": "300"]] as [[String: String]] {
                other.options = options
                _ = try await store.vector.ensureCollection(other, mode: .create, context: DataStore.context())
            }
        }
    }
}
