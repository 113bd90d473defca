import StoresCore
import Testing

@testable import StoresPostgres

/// Generated calls, each made to these drivers and to the in-memory reference, with the clock moved along the way.
@Suite(.enabled(if: DataStore.url != nil, DataStore.skipped))
struct DataDifferentialTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func facts(seed: UInt64) async throws {
        let clock = ManualStoreClock()
        try await DataStore.with { store in
            var g = Generator(seed: seed)
            let drivers: [any MemoryDriver] = [store.memory, InMemoryMemoryDriver()]
            let scopes: [Scope] = [["t"], ["t", "a"], ["t", "a", "b"], ["t", "ab"], ["t/a"], ["ta"], ["t", "%"]]
            let words = ["apple", "Pears", "été", "日本", "C++", "apple-pie", "x"]
            for step in 0..<1200 {
                let context = DataStore.context(clock: clock)
                let (scope, id) = (g.pick(scopes), g.pick(["1", "2", "é", "e\u{301}"]))
                if g.chance(5) { clock.advance(by: .milliseconds(g.pick([1, 30]))) }
                let expiresAt = g.chance(3) ? clock.now.advanced(by: .milliseconds(g.pick([0, 20, 100]))) : nil
                let version = g.pick([nil, nil, 0, 1, 2] as [Int64?])
                let draft = FactDraft(
                    id: id, scope: scope, content: (0..<3).map { _ in g.pick(words) }.joined(separator: " "),
                    attributes: ["n": .int(Int64(step % 5)), "k": .string(g.pick(words))], expiresAt: expiresAt,
                    source: g.chance(2) ? nil : "s",
                    embedding: g.chance(2)
                        ? nil : (0..<g.pick([3, 4])).map { _ in Float.random(in: -1...1, using: &g) })
                let filter: Filter? = g.chance(2) ? nil : .field("n") > 1
                let depth = g.pick(ScopeDepth.allCases)
                let cue: FactRecall.Cue = g.chance(2) ? .text(g.pick(words)) : .vector([0.5, -0.25, 1])
                let action = Int.random(in: 0..<10, using: &g)
                var results: [String] = []
                for driver in drivers {
                    results.append(
                        await outcome { () throws(StoreError) -> String in
                            switch action {
                            case 0...3:
                                let result = try await driver.put(
                                    [FactPut(draft: draft, ifVersion: version)], context: context)
                                return Self.text(try result[0].get())
                            case 4:
                                return
                                    "\(try await driver.delete(id, scope: scope, ifVersion: version, context: context))"
                            case 5:
                                let lines = try await driver.history(id, scope: scope, context: context)
                                return "\(lines.map { "\($0.change) \($0.at) \(Self.text($0.fact))" })"
                            case 6:
                                var facts: [Fact] = []
                                var cursor: Cursor?
                                repeat {
                                    let page = try await driver.list(
                                        FactListing(
                                            scope: scope, depth: depth, filter: filter, cursor: cursor, limit: 3),
                                        context: context)
                                    facts += page.items
                                    cursor = page.next
                                } while cursor != nil
                                return "\(facts.map(Self.text))"
                            case 7:
                                let found = try await driver.recall(
                                    FactRecall(cue: cue, scope: scope, depth: depth, filter: filter, limit: 100),
                                    context: context)
                                // Both rank, each by its own statistics: the set is the same, for vectors the order.
                                if case .text = cue { return "\(found.map { Self.text($0.fact) }.sorted())" }
                                let similarities = found.map { Int((($0.similarity ?? 9) * 1e4).rounded()) }
                                return "\(found.map { Self.text($0.fact) }) \(similarities)"
                            case 8 where step % 10 == 0: return "\(try await driver.forget(scope, context: context))"
                            case 9 where step % 7 == 0: return "\(try await driver.sweep(context: context))"
                            default:
                                return
                                    "\(try await driver.get([id, "2"], scope: scope, context: context).map(Self.text))"
                            }
                        })
                }
                #expect(results[0] == results[1], "step \(step), action \(action)")
            }
        }
    }

    /// With the attributes in order: a dictionary's description has none.
    private static func text(_ fact: Fact) -> String {
        var rest = fact
        rest.attributes = [:]
        return "\(rest) \(Value.object(fact.attributes).json)"
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func searches(seed: UInt64) async throws {
        try await DataStore.with { store in
            var g = Generator(seed: seed)
            let drivers: [any SearchDriver] = [store.search, InMemorySearchDriver()]
            let spec = SearchIndexSpec(
                name: "docs",
                fields: ["title": .text(.english), "body": .text(.standard), "tag": .keyword, "size": .number])
            let words = [
                "running", "runs", "the", "The", "be", "café", "cafe", "Cafés", "日本語", "c3po", "x_y", "a-b", "ÀÉ",
                "run",
                "NEAR", "\"", "*", "AND", "OR(", "'",
            ]
            func text(_ g: inout Generator, _ count: Int) -> String {
                (0..<Int.random(in: 0...count, using: &g)).map { _ in g.pick(words) }.joined(separator: " ")
            }
            for driver in drivers {
                _ = try await driver.ensureIndex(spec, mode: .create, context: DataStore.context())
            }
            for number in 0..<120 {
                var fields: Metadata = ["title": .string(text(&g, 5)), "size": .int(Int64(number % 7))]
                if !g.chance(4) { fields["body"] = .string(text(&g, 12)) }
                if g.chance(5) { fields["body"] = .array([.string(text(&g, 4)), .string(text(&g, 4))]) }
                fields["tag"] =
                    g.chance(3) ? .array([.string(g.pick(["x", "y"])), "z"]) : .string(g.pick(["x", "y"]))
                let document = SearchDocument(id: "d\(number % 90)", fields: fields)
                for driver in drivers {
                    _ = try await driver.upsert(
                        [document], into: spec, visibility: .accepted, context: DataStore.context())
                }
            }
            func query(_ g: inout Generator, _ depth: Int) -> SearchQuery {
                let field = g.pick([nil, nil, "title", "body", "unknown"])
                let text = text(&g, 3)
                switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &g) {
                case 0: return .all
                case 1, 2: return .match(field: field, text, operator: g.pick(MatchOperator.allCases))
                case 3: return .phrase(field: field, text)
                case 4, 5: return .prefix(field: field, String(text.dropLast(Int.random(in: 0...2, using: &g))))
                default:
                    return .boolean(
                        must: (0..<g.pick([0, 1, 2])).map { _ in query(&g, depth - 1) },
                        should: (0..<g.pick([0, 0, 1, 2])).map { _ in query(&g, depth - 1) },
                        mustNot: (0..<g.pick([0, 0, 1])).map { _ in query(&g, depth - 1) })
                }
            }
            for _ in 0..<800 {
                let query = query(&g, 2)
                let filter: Filter? = g.chance(2) ? nil : .field("size") < 4
                var results: [String] = []
                for driver in drivers {
                    var ids: [String] = []
                    var highlights: [String] = []
                    var cursor: Cursor?
                    var total = 0
                    var facets = ""
                    repeat {
                        let page = try await driver.search(
                            SearchRequest(
                                query: query, filter: filter, facets: [FacetRequest("tag")], highlight: ["title"],
                                cursor: cursor, limit: 17),
                            in: spec, context: DataStore.context())
                        ids += page.hits.map(\.id)
                        highlights += page.hits.map { "\($0.id) \($0.highlights)" }
                        (total, facets) = (page.total, "\(page.facets)")
                        let scores = page.hits.map(\.score)
                        #expect(scores == scores.sorted(by: >))
                        cursor = page.next
                    } while cursor != nil
                    #expect(Set(ids).count == ids.count && ids.count == total)
                    results.append("\(ids.sorted()) \(facets) \(highlights.sorted())")
                }
                #expect(results[0] == results[1], "\(query)")
            }
        }
    }

    @Test(arguments: VectorMetric.allCases)
    func vectors(metric: VectorMetric) async throws {
        try await DataStore.with { store in
            var g = Generator(seed: 7)
            let drivers: [any TextVectorDriver] = [store.vector, InMemoryVectorDriver()]
            let spec = VectorCollectionSpec(name: "v", dimensions: 19, metric: metric)
            let target = VectorTarget(collection: spec, namespace: "n")
            let other = VectorTarget(collection: spec, namespace: "n2")
            // Few distinct ones, so that there are ties.
            let vectors = (0..<30).map { _ in g.vector(19) }
            for driver in drivers {
                _ = try await driver.ensureCollection(spec, mode: .create, context: DataStore.context())
            }
            for round in 0..<6 {
                let records = (0..<60).map { number in
                    VectorRecord(
                        id: "\(Int.random(in: 0..<150, using: &g))-é", vector: g.pick(vectors),
                        metadata: ["n": .int(Int64(number))], document: g.chance(3) ? nil : "word\(number % 4) Été")
                }
                var distinct: [String: VectorRecord] = [:]
                for record in records { distinct[record.id] = record }
                let batch = distinct.values.sorted { $0.id < $1.id }
                let gone = batch.prefix(5).map(\.id) + ["missing"]
                let question = g.vector(19)
                var results: [String] = []
                for driver in drivers {
                    _ = try await driver.upsert(
                        batch, into: target, visibility: .accepted, context: DataStore.context())
                    _ = try await driver.upsert(
                        [VectorRecord(id: "other", vector: question)], into: other, visibility: .accepted,
                        context: DataStore.context())
                    var text = ""
                    for filter in [nil, .field("n") < 20] as [Filter?] {
                        for limit in [1, 7, 1000] {
                            let found = try await driver.query(
                                VectorQuery(
                                    vector: question, filter: filter, limit: limit,
                                    minSimilarity: limit == 7 ? -3 : nil, include: .all),
                                in: target, context: DataStore.context())
                            text += "\(found.map { "\($0.id) \(Int((($0.similarity ?? 9) * 1e4).rounded()))" })"
                            text += "\(found.map { "\($0.vector ?? []) \($0.document ?? "")" })"
                        }
                        let found = try await driver.textQuery(
                            VectorTextQuery(text: "WORD1 word2 nothing", filter: filter, limit: 500), in: target,
                            context: DataStore.context())
                        text += "\(found.map(\.id).sorted())"
                        text += "\(try await driver.count(where: filter, in: target, context: DataStore.context()))"
                    }
                    text += "\(try await driver.delete(.ids(gone), from: target, context: DataStore.context()))"
                    let thirty: Filter = .field("n") == 30
                    text += "\(try await driver.delete(.filter(thirty), from: target, context: DataStore.context()))"
                    if round == 4 {
                        text += "\(try await driver.delete(.all, from: target, context: DataStore.context()))"
                    }
                    results.append(text)
                }
                #expect(results[0] == results[1], "round \(round)")
            }
        }
    }
}
