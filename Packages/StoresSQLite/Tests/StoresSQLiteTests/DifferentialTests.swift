#if SQLite
import StoresCore
import Testing

@testable import StoresSQLite

/// Generated calls, each made to this driver and to the in-memory reference, with the clock moved along the way.
@Suite struct DifferentialTests {
    private static let keys = ["a", "a/b", "a/b/c", "a-b", "b", "a\u{0}", "é", "e\u{301}", "%", "a_b", "a/%"]

    @Test(arguments: [1, 2, 3] as [UInt64])
    func sessions(seed: UInt64) async throws {
        var g = Generator(seed: seed)
        let clock = ManualStoreClock()
        let store = try await Store()
        let (ours, reference) = (store.session, InMemorySessionDriver())
        // Etags are the drivers' own: compared by when they were given.
        var etags: [(String, String)] = [("none", "none")]
        func expiry(_ g: inout Generator) -> Expiry {
            g.pick([.keep, .never, .after(.milliseconds(50)), .after(.milliseconds(1))])
        }
        func both(_ name: String, _ call: (any SessionDriver, Int) async throws(StoreError) -> String) async {
            let (a, b) = (
                await outcome { () throws(StoreError) in try await call(ours, 0) },
                await outcome { () throws(StoreError) in try await call(reference, 1) }
            )
            #expect(a == b, "\(name)")
        }
        var leases: [(Lease, Lease)] = []
        for step in 0..<1500 {
            let context = Store.context(clock: clock)
            let key = g.pick(Self.keys)
            if g.chance(4) { clock.advance(by: .milliseconds(g.pick([1, 10, 40]))) }
            let etag = g.pick(etags)
            let condition = { (g: inout Generator) -> Int in g.pick([0, 0, 1, 2]) }(&g)
            func conditions(_ side: Int) -> SessionCondition {
                switch condition {
                case 1: .ifAbsent
                case 2: .ifMatch(side == 0 ? etag.0 : etag.1)
                default: .none
                }
            }
            let expiry = expiry(&g)
            let name = "step \(step)"
            switch Int.random(in: 0..<12, using: &g) {
            case 0...2:
                let bytes = [UInt8](repeating: UInt8(step & 255), count: g.pick([0, 1, 100]))
                let lease = leases.isEmpty || !g.chance(3) ? nil : g.pick(leases)
                var given = ["", ""]
                await both(name) { driver, side throws(StoreError) in
                    let write = SessionWrite(
                        key: key, value: SessionValue(bytes: bytes), expiry: expiry, condition: conditions(side),
                        leaseGuard: lease.map { LeaseGuard(side == 0 ? $0.0 : $0.1) })
                    let result = try await driver.set([write], context: context)[0]
                    let receipt = try result.get()
                    given[side] = receipt.etag
                    return "\(String(describing: receipt.expiresAt))"
                }
                if !given[0].isEmpty { etags.append((given[0], given[1])) }
                if etags.count > 20 { etags.removeFirst() }
            case 3:
                await both(name) { driver, side throws(StoreError) in
                    "\(try await driver.delete([key], condition: conditions(side), context: context))"
                }
            case 4:
                await both(name) { driver, _ throws(StoreError) in
                    "\(try await driver.delete(prefix: key, context: context))"
                }
            case 5:
                await both(name) { driver, _ throws(StoreError) in
                    "\(String(describing: try await driver.touch(key, expiry: expiry, context: context)))"
                }
            case 6:
                let amount = g.pick([1, -5, .max, .min] as [Int64])
                await both(name) { driver, _ throws(StoreError) in
                    guard let driver = driver as? any StructuredSessionDriver else { return "none" }
                    return "\(try await driver.increment(key, by: amount, expiry: expiry, context: context))"
                }
            case 7:
                let elements = (0..<g.pick([0, 1, 3, 9])).map { [UInt8(truncatingIfNeeded: step + $0)] }
                let keep = g.pick([1, 4, 100])
                await both(name) { driver, _ throws(StoreError) in
                    guard let driver = driver as? any StructuredSessionDriver else { return "none" }
                    return
                        "\(try await driver.append(elements, to: key, keepLast: keep, expiry: expiry, context: context))"
                }
            case 8:
                await both(name) { driver, _ throws(StoreError) in
                    guard let driver = driver as? any StructuredSessionDriver else { return "none" }
                    return "\(String(describing: try await driver.elements(key, last: 5, context: context)))"
                }
            case 9:
                var found: [Lease?] = [nil, nil]
                let ttl = Duration.milliseconds(g.pick([10, 60]))
                let old = leases.isEmpty ? nil : g.pick(leases)
                let action = g.pick([0, 0, 1, 2])
                await both(name) { driver, side throws(StoreError) in
                    guard let driver = driver as? any LeasingDriver else { return "none" }
                    switch (action, old.map { side == 0 ? $0.0 : $0.1 }) {
                    case (1, let lease?): return "\(try await driver.renewLease(lease, ttl: ttl, context: context))"
                    case (2, let lease?): return "\(try await driver.releaseLease(lease, context: context))"
                    default:
                        found[side] = try await driver.acquireLease(key, ttl: ttl, context: context)
                        return "\(String(describing: found[side]))"
                    }
                }
                if let a = found[0], let b = found[1] { leases.append((a, b)) }
            case 10:
                let prefix = g.chance(2) ? nil : key
                await both(name) { driver, _ throws(StoreError) in
                    var keys: [String] = []
                    var cursor: Cursor?
                    repeat {
                        let page = try await driver.scan(prefix: prefix, cursor: cursor, limit: 2, context: context)
                        keys += page.items
                        cursor = page.next
                    } while cursor != nil
                    return "\(keys)"
                }
            default:
                let other = g.pick(Self.keys)
                await both(name) { driver, side throws(StoreError) in
                    guard let driver = driver as? any TransactionalSessionDriver else { return "none" }
                    let outcomes = try await driver.transact(
                        [
                            .check(key: other, condition: conditions(side)),
                            .set(SessionWrite(key: key, value: SessionValue("t\(step)"), expiry: expiry)),
                            .delete(key: other, condition: .none),
                        ], context: context)
                    return "\(outcomes.count) \(outcomes.last == .deleted(true))"
                }
            }
            await both("\(name) read") { driver, _ throws(StoreError) in
                let entry = try await driver.get([key], context: context)[0]
                return "\(String(describing: entry?.value)) \(String(describing: entry?.expiresAt))"
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func facts(seed: UInt64) async throws {
        var g = Generator(seed: seed)
        let clock = ManualStoreClock()
        let store = try await Store()
        let drivers: [any MemoryDriver] = [store.memory, InMemoryMemoryDriver()]
        let scopes: [Scope] = [["t"], ["t", "a"], ["t", "a", "b"], ["t", "ab"], ["t/a"], ["ta"], ["t", "%"]]
        let words = ["apple", "Pears", "été", "日本", "C++", "apple-pie", "x"]
        for step in 0..<1200 {
            let context = Store.context(clock: clock)
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
                            // Both rank, each by its own statistics: the set is the same, and for vectors the order.
                            if case .text = cue { return "\(found.map { Self.text($0.fact) }.sorted())" }
                            return
                                "\(found.map { "\(Self.text($0.fact)) \(Int((($0.similarity ?? 9) * 1e6).rounded()))" })"
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

    /// With the attributes in order: a dictionary's description has none.
    private static func text(_ fact: Fact) -> String {
        var rest = fact
        rest.attributes = [:]
        return "\(rest) \(Value.object(fact.attributes).json)"
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func events(seed: UInt64) async throws {
        var g = Generator(seed: seed)
        let clock = ManualStoreClock()
        let store = try await Store()
        typealias Driver = OrderedEventDriver & DeletingEventDriver & RunDriver & SnapshotDriver
        let drivers: [any Driver] = [store.event, InMemoryEventDriver()]
        let streams = ["s", "s/1", "é", "e\u{301}", "\u{0}"]
        for step in 0..<1200 {
            let context = Store.context(clock: clock)
            clock.advance(by: .milliseconds(1))
            let stream = g.pick(streams)
            let first = Int.random(in: 0..<40, using: &g)
            let events = (first..<first + g.pick([1, 1, 2, 3])).map {
                NewEvent(
                    id: "e\($0)", type: "t", data: [UInt8($0), 0], metadata: g.chance(2) ? [:] : ["k": "v\u{0}"])
            }
            let expected = g.pick([.any, .any, .noStream, .exists, .exact(Int64(first))] as [ExpectedRevision])
            let from = g.pick([nil, 0, 2, 100, -1, .min, .max] as [Int64?])
            let direction = g.pick(ReadDirection.allCases)
            let version = g.pick([nil, nil, 0, 1, 2] as [Int64?])
            let action = Int.random(in: 0..<14, using: &g)
            var results: [String] = []
            for driver in drivers {
                results.append(
                    await outcome { () throws(StoreError) -> String in
                        switch action {
                        case 0...4:
                            return
                                "\(try await driver.append(events, to: stream, expected: expected, context: context))"
                        case 5, 6:
                            return
                                "\(try await driver.read(stream, from: from, direction: direction, limit: 3, context: context))"
                        case 7:
                            let after = step % 3 == 0 ? nil : Position(UInt64(step / 2))
                            return "\(try await driver.readAll(after: after, limit: 5, context: context))"
                        case 8: return "\(String(describing: try await driver.head(context: context)))"
                        case 9 where step % 8 == 0:
                            return "\(try await driver.deleteStream(stream, context: context))"
                        case 10:
                            return
                                "\(try await driver.saveRun(stream, status: "s\(step % 2)", state: [1, 2], ifVersion: version, leaseGuard: nil, context: context))"
                        case 11:
                            let page = try await driver.listRuns(
                                status: step % 2 == 0 ? nil : "s1", cursor: nil, limit: 10, context: context)
                            return "\(page.items) \(page.next == nil)"
                        case 12:
                            try await driver.saveSnapshot(
                                Snapshot(stream: stream, revision: Int64(first), data: [7]), context: context)
                            return
                                "\(try await driver.loadSnapshots(stream, atOrBefore: from, limit: 2, context: context))"
                        default:
                            if step % 5 == 0 {
                                return "\(try await driver.deleteSnapshots(stream, before: from, context: context))"
                            }
                            return "\(try await driver.deleteRun(stream, context: context))"
                        }
                    })
            }
            #expect(results[0] == results[1], "step \(step), action \(action)")
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func searches(seed: UInt64) async throws {
        var g = Generator(seed: seed)
        let store = try await Store()
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
        for driver in drivers { _ = try await driver.ensureIndex(spec, mode: .create, context: Store.context()) }
        for number in 0..<120 {
            var fields: Metadata = ["title": .string(text(&g, 5)), "size": .int(Int64(number % 7))]
            if !g.chance(4) { fields["body"] = .string(text(&g, 12)) }
            if g.chance(5) { fields["body"] = .array([.string(text(&g, 4)), .string(text(&g, 4))]) }
            fields["tag"] =
                g.chance(3) ? .array([.string(g.pick(["x", "y"])), "z"]) : .string(g.pick(["x", "y"]))
            let document = SearchDocument(id: "d\(number % 90)", fields: fields)
            for driver in drivers {
                _ = try await driver.upsert(
                    [document], into: spec, visibility: .accepted, context: Store.context())
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
                        in: spec, context: Store.context())
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

    @Test(arguments: VectorMetric.allCases)
    func vectors(metric: VectorMetric) async throws {
        var g = Generator(seed: 7)
        let store = try await Store()
        let drivers: [any TextVectorDriver] = [store.vector, InMemoryVectorDriver()]
        let spec = VectorCollectionSpec(name: "v", dimensions: 19, metric: metric)
        let target = VectorTarget(collection: spec, namespace: "n")
        let other = VectorTarget(collection: spec, namespace: "n2")
        func vector(_ g: inout Generator) -> [Float] {
            // Few distinct ones, so that there are ties.
            let base = Float(Int.random(in: 1...9, using: &g))
            return (0..<19).map { base + Float($0 % 3) * (g.chance(10) ? 1 : 0.5) }
        }
        for driver in drivers {
            _ = try await driver.ensureCollection(spec, mode: .create, context: Store.context())
        }
        for round in 0..<6 {
            let records = (0..<60).map { number in
                VectorRecord(
                    id: "\(Int.random(in: 0..<150, using: &g))-é", vector: vector(&g),
                    metadata: ["n": .int(Int64(number))], document: g.chance(3) ? nil : "word\(number % 4) Été")
            }
            var distinct: [String: VectorRecord] = [:]
            for record in records { distinct[record.id] = record }
            let batch = distinct.values.sorted { $0.id < $1.id }
            let gone = batch.prefix(5).map(\.id) + ["missing"]
            let question = vector(&g)
            var results: [String] = []
            for driver in drivers {
                _ = try await driver.upsert(batch, into: target, visibility: .accepted, context: Store.context())
                _ = try await driver.upsert(
                    [VectorRecord(id: "other", vector: question)], into: other, visibility: .accepted,
                    context: Store.context())
                var text = ""
                for filter in [nil, .field("n") < 20] as [Filter?] {
                    for limit in [1, 7, 1000] {
                        let found = try await driver.query(
                            VectorQuery(
                                vector: question, filter: filter, limit: limit,
                                minSimilarity: limit == 7 ? -3 : nil, include: .all),
                            in: target, context: Store.context())
                        text += "\(found.map { "\($0.id) \(Float($0.similarity ?? 0)) \($0.vector ?? [])" })"
                    }
                    let found = try await driver.textQuery(
                        VectorTextQuery(text: "WORD1 word2 nothing", filter: filter, limit: 500), in: target,
                        context: Store.context())
                    text += "\(found.map(\.id).sorted())"
                    text += "\(try await driver.count(where: filter, in: target, context: Store.context()))"
                }
                text += "\(try await driver.delete(.ids(gone), from: target, context: Store.context()))"
                text +=
                    "\(try await driver.delete(.filter(.field("n") == 30), from: target, context: Store.context()))"
                if round == 4 { text += "\(try await driver.delete(.all, from: target, context: Store.context()))" }
                results.append(text)
            }
            #expect(results[0] == results[1], "round \(round)")
        }
    }
}
#endif
