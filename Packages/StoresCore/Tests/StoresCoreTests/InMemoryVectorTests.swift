import StoresCore
import Testing

@Suite struct InMemoryVectorTests {
    private let driver = InMemoryVectorDriver()
    private let context = CallContext(deadline: .after(.seconds(60)))

    private func target(
        _ dimensions: Int, _ metric: VectorMetric = .cosine, name: String = "docs", namespace: String = "default"
    ) async throws -> VectorTarget {
        let spec = VectorCollectionSpec(name: name, dimensions: dimensions, metric: metric)
        return VectorTarget(
            collection: try await driver.ensureCollection(spec, mode: .create, context: context), namespace: namespace)
    }

    private func upsert(_ records: [VectorRecord], _ target: VectorTarget) async throws {
        _ = try await driver.upsert(records, into: target, visibility: .accepted, context: context)
    }

    private func vector(_ dimensions: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
    }

    private func similarity(_ metric: VectorMetric, _ a: [Float], _ b: [Float]) -> Double {
        let pairs = zip(a, b).map { (Double($0), Double($1)) }
        let dot = pairs.reduce(0) { $0 + $1.0 * $1.1 }
        switch metric {
        case .dot: return dot
        case .euclidean: return -pairs.reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        case .cosine:
            let norms = pairs.reduce((0.0, 0.0)) { ($0.0 + $1.0 * $1.0, $0.1 + $1.1 * $1.1) }
            return dot / (norms.0 * norms.1).squareRoot()
        }
    }

    private static let shapes: [(VectorMetric, Int, Float)] = [
        (.cosine, 3, 1), (.cosine, 65, 1), (.cosine, 384, 1), (.dot, 384, 1), (.euclidean, 384, 1), (.dot, 7, 1000),
        (.euclidean, 100, 1e-3), (.cosine, 1536, 1e6), (.euclidean, 4096, 1), (.dot, 64, 1e-4),
    ]

    @Test(arguments: shapes)
    func `V6 V8 queries are exact, ordered and complete`(metric: VectorMetric, dimensions: Int, scale: Float)
        async throws
    {
        var random = SeededGenerator(UInt64(dimensions))
        let target = try await target(dimensions, metric)
        // Clustered, so that most rows are decided by their heads; with doubles, so that ids decide ties.
        let centers = (0..<5).map { _ in vector(dimensions, &random) }
        var records: [VectorRecord] = []
        for index in 0..<(dimensions > 1000 ? 300 : 1700) {
            var components = centers[index % 5]
            for place in components.indices {
                components[place] = (components[place] + .random(in: -0.3...0.3, using: &random)) * scale
            }
            records.append(VectorRecord(id: "r\(index)", vector: components))
            if index % 50 == 0 { records.append(VectorRecord(id: "é\(index)", vector: components)) }
        }
        try await upsert(records, target)
        for limit in [1, 10, 3000] {
            let query = records.randomElement(using: &random)?.vector ?? []
            let expected = records.map { ($0.id, similarity(metric, query, $0.vector)) }
                .sorted { $0.1 == $1.1 ? Array($0.0.utf8).lexicographicallyPrecedes(Array($1.0.utf8)) : $0.1 > $1.1 }
                .prefix(limit)
            let found = try await driver.query(VectorQuery(vector: query, limit: limit), in: target, context: context)
            #expect(found.map(\.id) == expected.map(\.0))
            for (match, expected) in zip(found, expected) {
                #expect(abs((match.similarity ?? .nan) - expected.1) <= 1e-9 * max(1, abs(expected.1)))
            }
            // Inclusive lower bound.
            let bound = expected[expected.count / 2].1
            let above = try await driver.query(
                VectorQuery(vector: query, limit: limit, minSimilarity: found[expected.count / 2].similarity),
                in: target,
                context: context)
            #expect(above.count >= expected.count / 2 + 1)
            #expect(above.allSatisfy { ($0.similarity ?? .nan) >= bound - 1e-9 * max(1, abs(bound)) })
        }
    }

    @Test(arguments: [VectorMetric.cosine, .dot, .euclidean])
    func `Lengths beyond float32 arithmetic`(metric: VectorMetric) async throws {
        let target = try await target(70, metric)
        var random = SeededGenerator(9)
        var records: [VectorRecord] = []
        for (index, scale) in [Float(1e-30), 1e-20, 1, 1e20, 1e30].enumerated() {
            for copy in 0..<20 {
                records.append(VectorRecord(id: "\(index)-\(copy)", vector: vector(70, &random).map { $0 * scale }))
            }
        }
        try await upsert(records, target)
        for query in [records[5].vector, records[45].vector, records[95].vector] {
            let found = try await driver.query(VectorQuery(vector: query, limit: 5), in: target, context: context)
            let expected = records.map { ($0.id, similarity(metric, query, $0.vector)) }.sorted { $0.1 > $1.1 }.prefix(
                5)
            #expect(found.compactMap(\.similarity) == found.compactMap(\.similarity).sorted(by: >))
            for (match, expected) in zip(found, expected) {
                #expect(abs((match.similarity ?? .nan) - expected.1) <= 1e-9 * max(1, abs(expected.1)))
            }
        }
    }

    @Test func `V9 a filtered query is the filter, then the exact order`() async throws {
        var generator = FilterGenerator(seed: 10)
        let target = try await target(8)
        var records: [VectorRecord] = []
        for index in 0..<4500 {
            let vector = vector(8, &generator.random)
            records.append(VectorRecord(id: "r\(index)", vector: vector, metadata: generator.metadata()))
        }
        try await upsert(records, target)
        for round in 0..<300 {
            let filter = generator.filter()
            let query = vector(8, &generator.random)
            let matching = records.filter { PlainFilter.matches(filter, $0.metadata) }
            let found = try await driver.query(
                VectorQuery(vector: query, filter: filter, limit: 20), in: target, context: context)
            let expected = matching.map { ($0.id, similarity(.cosine, query, $0.vector)) }.sorted { $0.1 > $1.1 }
                .prefix(20)
            guard found.map(\.id) == expected.map(\.0),
                try await driver.count(where: filter, in: target, context: context) == matching.count
            else {
                Issue.record("\(filter)")
                return
            }
            // Columns follow what is written.
            if round % 10 == 0 {
                let index = Int.random(in: records.indices, using: &generator.random)
                records[index].metadata = generator.metadata()
                try await upsert([records[index]], target)
                let removed = records.remove(at: Int.random(in: records.indices, using: &generator.random))
                #expect(try await driver.delete(.ids([removed.id]), from: target, context: context) == 1)
            }
        }
    }

    @Test func `V4 V10 V13 what is written is what is read, through random changes`() async throws {
        var generator = FilterGenerator(seed: 11)
        let target = try await target(80, .euclidean)
        var model: [String: VectorRecord] = [:]
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &generator.random) {
            case 0..<6:
                let records = (0..<Int.random(in: 1..<40, using: &generator.random)).map { _ in
                    VectorRecord(
                        id: "r\(Int.random(in: 0..<900, using: &generator.random))",
                        vector: vector(80, &generator.random),
                        metadata: generator.metadata(), document: Bool.random(using: &generator.random) ? "text" : nil)
                }
                try await upsert(records, target)
                for record in records { model[record.id] = record }
            case 6..<8:
                let ids = (0..<20).map { _ in "r\(Int.random(in: 0..<900, using: &generator.random))" }
                let there = Set(ids).filter { model[$0] != nil }
                #expect(try await driver.delete(.ids(ids), from: target, context: context) == there.count)
                for id in ids { model[id] = nil }
            case 8:
                let filter = Filter.and([.equal("a", generator.scalar()), generator.filter()])
                let there = model.values.filter { PlainFilter.matches(filter, $0.metadata) }.map(\.id)
                #expect(try await driver.delete(.filter(filter), from: target, context: context) == there.count)
                for id in there { model[id] = nil }
            default:
                let ids = (0..<30).map { _ in "r\(Int.random(in: 0..<900, using: &generator.random))" }
                let found = try await driver.get(ids, from: target, include: .all, context: context)
                #expect(found.map(\.id) == ids.filter { model[$0] != nil })
                for record in found {
                    let expected = model[record.id]
                    #expect(record.vector?.map(\.bitPattern) == expected?.vector.map(\.bitPattern))
                    #expect(record.metadata == expected?.metadata)
                    #expect(record.document == expected?.document)
                }
            }
            #expect(try await driver.count(where: nil, in: target, context: context) == model.count)
        }
        let query = vector(80, &generator.random)
        let all = try await driver.query(VectorQuery(vector: query, limit: 2000), in: target, context: context)
        #expect(Set(all.map(\.id)) == Set(model.keys))
        #expect(try await driver.delete(.all, from: target, context: context) == model.count)
        #expect(try await driver.query(VectorQuery(vector: query, limit: 1), in: target, context: context).isEmpty)
        #expect(try await driver.count(where: nil, in: target, context: context) == 0)
    }

    @Test func `V13 parts come back only when asked for`() async throws {
        let target = try await target(2)
        try await upsert([VectorRecord(id: "a", vector: [-0.0, 1e-20], metadata: ["k": 1], document: "d")], target)
        let bare = try await driver.get(["a"], from: target, include: [], context: context)
        #expect(bare == [StoredVectorRecord(id: "a")])
        let match = try await driver.query(
            VectorQuery(vector: [0, 1], limit: 1, include: .document), in: target, context: context
        ).first
        #expect(match?.document == "d" && match?.vector == nil && match?.metadata.isEmpty == true)
    }

    @Test func `V1 X11 ids are bytes`() async throws {
        let target = try await target(1)
        let ids = ["é", "e\u{301}", "K", "\u{212A}", "a'b\"%_*", "👩‍👩‍👧", "\u{202E}x", String(repeating: "x", count: 512)]
        try await upsert(ids.map { VectorRecord(id: $0, vector: [1], metadata: ["id": .string($0)]) }, target)
        let found = try await driver.get(ids, from: target, include: .metadata, context: context)
        #expect(found.map { Array($0.id.utf8) } == ids.map { Array($0.utf8) })
        #expect(found.map { $0.metadata["id"] } == ids.map { Value.string($0) })
        let order = try await driver.query(VectorQuery(vector: [1], limit: 20), in: target, context: context)
        #expect(
            order.map { Array($0.id.utf8) } == ids.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func `V11 namespaces and collections are apart`() async throws {
        let one = try await target(1, namespace: "é")
        let two = try await target(1, namespace: "e\u{301}")
        let other = try await target(1, name: "other", namespace: "é")
        try await upsert([VectorRecord(id: "a", vector: [1], document: "word")], one)
        for elsewhere in [two, other] {
            #expect(try await driver.count(where: nil, in: elsewhere, context: context) == 0)
            #expect(try await driver.get(["a"], from: elsewhere, include: .all, context: context).isEmpty)
            #expect(try await driver.query(VectorQuery(vector: [1], limit: 1), in: elsewhere, context: context).isEmpty)
            #expect(
                try await driver.textQuery(VectorTextQuery(text: "word", limit: 1), in: elsewhere, context: context)
                    .isEmpty)
            #expect(try await driver.delete(.all, from: elsewhere, context: context) == 0)
        }
        #expect(try await driver.count(where: nil, in: one, context: context) == 1)
    }

    @Test func `V2 V3 collections and wrong vectors`() async throws {
        let spec = VectorCollectionSpec(name: "b", dimensions: 2, fields: [FieldDefinition("x", .int)])
        await expect(code: .notFound) { try await driver.ensureCollection(spec, mode: .verify, context: context) }
        #expect(try await driver.ensureCollection(spec, mode: .create, context: context) == spec)
        #expect(try await driver.ensureCollection(spec, mode: .verify, context: context) == spec)
        var wrong = spec
        wrong.dimensions = 3
        let error = await expect(code: .schemaMismatch) {
            try await driver.ensureCollection(wrong, mode: .create, context: context)
        }
        guard case .schema(let found, let wanted)? = error?.conflict else {
            Issue.record("no shapes in \(String(describing: error))")
            return
        }
        #expect(found.hasPrefix("2 dimensions") && wanted.hasPrefix("3 dimensions"))
        _ = try await target(1, name: "a")
        #expect(try await driver.collections(context: context).map(\.name) == ["a", "b"])
        let target = VectorTarget(collection: spec, namespace: "default")
        for bad: [Float] in [[1], [1, 2, 3], [.nan, 1], [.infinity, 1], [0, 0]] {
            await expect(code: .invalidArgument) { try await upsert([VectorRecord(id: "r", vector: bad)], target) }
            await expect(code: .invalidArgument) {
                try await driver.query(VectorQuery(vector: bad, limit: 1), in: target, context: context)
            }
        }
        var options = spec
        options.options = ["index": "hnsw"]
        await expect(code: .invalidArgument) {
            try await driver.ensureCollection(options, mode: .create, context: context)
        }
        #expect(try await driver.dropCollection("b", context: context))
        #expect(try await driver.dropCollection("b", context: context) == false)
        await expect(code: .notFound) { try await driver.count(where: nil, in: target, context: context) }
    }

    @Test func `V14 a scroll visits in id order what stays, whatever is written meanwhile`() async throws {
        var random = SeededGenerator(12)
        let target = try await target(1)
        let staying = (0..<700).map { "s\($0)é" }
        try await upsert(
            (staying + (0..<300).map { "t\($0)" }).shuffled(using: &random).map { VectorRecord(id: $0, vector: [1]) },
            target)
        for limit in [1000, 64, 7] {
            var seen: [String] = []
            var cursor: Cursor?
            repeat {
                let page = try await driver.scroll(
                    VectorScroll(cursor: cursor, limit: limit), in: target, context: context)
                #expect(page.items.count <= limit)
                seen += page.items.map(\.id)
                cursor = page.next
                let id = "t\(Int.random(in: 0..<600, using: &random))"
                if Bool.random(using: &random) {
                    try await upsert([VectorRecord(id: id, vector: [1])], target)
                } else {
                    _ = try await driver.delete(.ids([id]), from: target, context: context)
                }
            } while cursor != nil
            #expect(seen == seen.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(Set(seen).count == seen.count)
            #expect(Set(seen).isSuperset(of: staying))
        }
        let filtered = try await driver.scroll(
            VectorScroll(filter: .exists("none"), limit: 10), in: target, context: context)
        #expect(filtered.items.isEmpty && filtered.next == nil)
        await expect(code: .invalidArgument) {
            try await driver.scroll(VectorScroll(cursor: Cursor(rawValue: "x"), limit: 1), in: target, context: context)
        }
    }

    @Test func `V12 text queries rank documents and follow changes`() async throws {
        let target = try await target(1)
        func ids(_ text: String, _ filter: Filter? = nil) async throws -> [String] {
            try await driver.textQuery(
                VectorTextQuery(text: text, filter: filter, limit: 10), in: target, context: context
            ).map(\.id)
        }
        try await upsert(
            [
                VectorRecord(id: "c", vector: [1], document: "a red fox"),
                VectorRecord(id: "b", vector: [1], metadata: ["n": 1], document: "a red fox"),
                VectorRecord(id: "a", vector: [1], document: "one red fox and some more words about nothing"),
                VectorRecord(id: "d", vector: [1]),
            ], target)
        #expect(try await ids("FOX") == ["b", "c", "a"])
        #expect(try await ids("fox", .exists("n")) == ["b"])
        #expect(try await ids("") == [])
        try await upsert(
            [VectorRecord(id: "c", vector: [1], document: "a blue whale"), VectorRecord(id: "b", vector: [1])], target)
        _ = try await driver.delete(.ids(["a"]), from: target, context: context)
        #expect(try await ids("fox") == [])
        #expect(try await ids("whale") == ["c"])
        _ = try await driver.delete(.all, from: target, context: context)
        #expect(try await ids("whale") == [])
        let match = try await driver.textQuery(VectorTextQuery(text: "x", limit: 1), in: target, context: context)
        #expect(match.isEmpty)
    }

    @Test func `V5 delayed visibility by the injected clock`() async throws {
        let clock = ManualStoreClock()
        let driver = InMemoryVectorDriver(behavior: InMemoryBehavior(visibilityDelay: .seconds(5)))
        let context = CallContext(deadline: .after(.seconds(60)), clock: clock)
        let spec = try await driver.ensureCollection(
            VectorCollectionSpec(name: "d", dimensions: 1), mode: .create, context: context)
        let target = VectorTarget(collection: spec, namespace: "n")
        func found() async throws -> [String] {
            try await driver.query(VectorQuery(vector: [1], limit: 10), in: target, context: context).map(\.id)
        }
        func write(_ id: String, _ visibility: Visibility) async throws -> Bool {
            try await driver.upsert(
                [VectorRecord(id: id, vector: [1])], into: target, visibility: visibility, context: context
            ).isSearchable
        }
        #expect(try await write("a", .accepted) == false)
        #expect(try await driver.get(["a"], from: target, include: [], context: context).count == 1)
        #expect(try await found() == [])
        clock.advance(by: .seconds(4))
        #expect(try await write("b", .searchable(within: .seconds(1))) == false)
        clock.advance(by: .seconds(1))
        #expect(try await found() == ["a"])
        #expect(try await driver.delete(.ids(["a"]), from: target, context: context) == 1)
        #expect(try await driver.get(["a"], from: target, include: [], context: context).isEmpty)
        #expect(try await found() == ["a"])
        clock.advance(by: .seconds(5))
        #expect(try await found() == ["b"])
        #expect(try await write("c", .searchable(within: .seconds(5))))
        #expect(try await found() == ["b", "c"])
        // Complete, although queries do not see everything yet (V10).
        #expect(try await write("d", .accepted) == false)
        #expect(try await driver.delete(.filter(.isNull("x")), from: target, context: context) == 3)
        #expect(try await driver.scroll(VectorScroll(limit: 10), in: target, context: context).items.isEmpty)
    }

    @Test func `Faults, deadlines and cancellation`() async throws {
        let plan = FaultPlan()
        let driver = InMemoryVectorDriver(behavior: InMemoryBehavior(faults: plan))
        let spec = try await driver.ensureCollection(
            VectorCollectionSpec(name: "f", dimensions: 1), mode: .create, context: context)
        let target = VectorTarget(collection: spec, namespace: "n")
        plan.fail(.vector, "upsert")
        plan.fail(.vector, "upsert", at: .after)
        for expected in [0, 1] {
            await expect(code: .unavailable) {
                try await driver.upsert(
                    [VectorRecord(id: "a", vector: [1])], into: target, visibility: .accepted, context: context)
            }
            #expect(try await driver.count(where: nil, in: target, context: context) == expected)
        }
        let late = CallContext(deadline: .after(.zero))
        await expect(code: .timeout) {
            try await driver.query(VectorQuery(vector: [1], limit: 1), in: target, context: late)
        }
        let task = Task { () throws -> VectorMatches in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await driver.query(VectorQuery(vector: [1], limit: 1), in: target, context: context)
        }
        await expect(code: .cancelled) { try await task.value }
    }

    @Test func `Readers and writers at the same time see whole records`() async throws {
        let target = try await target(96, .dot)
        func record(_ id: Int, _ value: Float) -> VectorRecord {
            VectorRecord(
                id: "r\(id)", vector: Array(repeating: value, count: 96), metadata: ["v": .double(Double(value))])
        }
        try await upsert((0..<3000).map { record($0, 1) }, target)
        let driver = driver
        let context = context
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var random = SeededGenerator(13)
                for round in 2..<200 {
                    let ids = (0..<20).map { _ in Int.random(in: 0..<3000, using: &random) }
                    _ = try await driver.upsert(
                        ids.map { record($0, Float(round)) }, into: target, visibility: .accepted, context: context)
                    let gone = (0..<20).map { _ in "r\(Int.random(in: 0..<3000, using: &random))" }
                    _ = try await driver.delete(.ids(gone), from: target, context: context)
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for round in 0..<60 {
                        let filter: Filter? = round % 2 == 0 ? nil : .greater("v", 1)
                        let query = VectorQuery(
                            vector: Array(repeating: 1, count: 96), filter: filter, limit: 50, include: .all)
                        for match in try await driver.query(query, in: target, context: context) {
                            let value = match.vector?.first ?? -1
                            #expect(match.vector == Array(repeating: value, count: 96))
                            #expect(match.metadata["v"] == .double(Double(value)))
                            #expect(match.similarity == Double(value) * 96)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// Expects a `StoreError` of a code, and returns it.
@discardableResult
private func expect<T>(
    code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> T
) async -> StoreError? {
    let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) { _ = try await body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error
}
