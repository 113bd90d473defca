import StoresCore
import Testing

@Suite struct InMemoryMemoryTests {
    let test = TestContext()
    let driver = InMemoryMemoryDriver()
    let ada: Scope = ["t1", "user", "ada"]

    @discardableResult
    private func put(
        _ id: String, _ content: String = "x", scope: Scope? = nil, attributes: Metadata = [:],
        expiresAfter: Duration? = nil, embedding: [Float]? = nil, ifVersion: Int64? = nil
    ) async throws -> Fact {
        let draft = FactDraft(
            id: id, scope: scope ?? ada, content: content, attributes: attributes,
            expiresAt: expiresAfter.map { test.now.advanced(by: $0) }, source: "test", embedding: embedding)
        return try await driver.put([FactPut(draft: draft, ifVersion: ifVersion)], context: test.call)[0].get()
    }

    private func list(
        _ scope: Scope, _ depth: ScopeDepth = .subtree, filter: Filter? = nil, limit: Int = 2
    ) async throws -> [String] {
        var ids: [String] = []
        var cursor: Cursor?
        repeat {
            let request = FactListing(scope: scope, depth: depth, filter: filter, cursor: cursor, limit: limit)
            let page = try await driver.list(request, context: test.call)
            #expect(page.items.count <= limit)
            ids += page.items.map(\.id)
            cursor = page.next
        } while cursor != nil
        return ids
    }

    private func recall(
        _ cue: FactRecall.Cue, scope: Scope? = nil, depth: ScopeDepth = .subtree, filter: Filter? = nil,
        limit: Int = 100, minSimilarity: Double? = nil
    ) async throws -> [FactMatch] {
        let request = FactRecall(
            cue: cue, scope: scope ?? ada, depth: depth, filter: filter, limit: limit, minSimilarity: minSimilarity)
        return try await driver.recall(request, context: test.call).matches
    }

    @Test func `M1 a fact keeps what was written and when`() async throws {
        let created = test.now
        let first = try await put("f", "one", attributes: ["k": 1], expiresAfter: .seconds(60))
        #expect(first.version == 1 && first.createdAt == created && first.updatedAt == created)
        #expect(first.expiresAt == created.advanced(by: .seconds(60)) && first.source == "test")
        test.clock.advance(by: .seconds(1))
        let second = try await put("f", "two")
        #expect(second.version == 2 && second.createdAt == created && second.updatedAt == test.now)
        #expect(second.expiresAt == nil && second.attributes == [:])
        #expect(try await driver.get(["none", "f"], scope: ada, context: test.call) == [second])
    }

    @Test func `M2 scopes match per segment, and separators in a segment are literal`() async throws {
        let scopes: [Scope] = [
            ["a"], ["a", "b"], ["a", "bc"], ["a/b"], ["a", "b", "c"], ["a", "*"], ["a", "%"], ["ab"], ["A"],
        ]
        for (index, scope) in scopes.enumerated() { try await put("f\(index)", scope: scope) }
        #expect(try await list(["a", "b"]) == ["f1", "f4"])
        #expect(try await list(["a", "b"], .exact) == ["f1"])
        #expect(try await list(["a", "*"]) == ["f5"])
        #expect(try await list(["a", "%"]) == ["f6"])
        #expect(try await list(["a"]) == ["f0", "f6", "f5", "f1", "f4", "f2"])
        #expect(try await driver.get(["f0"], scope: ["a", "b"], context: test.call).isEmpty)
    }

    @Test func `M3 a conflict carries the current version, and the others of the call stand`() async throws {
        try await put("f", ifVersion: 0)
        try await put("f", ifVersion: 1)
        for (wanted, id, current) in [(0, "f", 2), (1, "f", 2), (7, "f", 2), (3, "new", 0)] as [(Int64, String, Int64)]
        {
            let error = await #expect(throws: StoreError.self) { try await put(id, ifVersion: wanted) }
            #expect(error?.code == .conflict)
            #expect(error?.conflict == .version(current: current))
        }
        let puts = [("x", nil), ("f", 0), ("y", 0)].map { id, version in
            FactPut(draft: FactDraft(id: id, scope: ada, content: "c"), ifVersion: version)
        }
        #expect(try await driver.put(puts, context: test.call).map(\.failureCode) == [nil, .conflict, nil])
        #expect(try await list(ada) == ["f", "x", "y"])
        let stale = await #expect(throws: StoreError.self) {
            try await driver.delete("f", scope: ada, ifVersion: 1, context: test.call)
        }
        #expect(stale?.conflict == .version(current: 2))
        #expect(try await driver.delete("f", scope: ada, ifVersion: 2, context: test.call))
    }

    @Test func `the same fact twice in one call is written twice`() async throws {
        let puts = ["one", "two"].map { FactPut(draft: FactDraft(id: "f", scope: ada, content: $0)) }
        let facts = try await driver.put(puts, context: test.call).map { try $0.get() }
        #expect(facts.map(\.version) == [1, 2])
        #expect(try await driver.history("f", scope: ada, context: test.call).map(\.fact.content) == ["one", "two"])
    }

    @Test func `M4 history has a line for every write and ends with the delete`() async throws {
        try await put("f", "one")
        test.clock.advance(by: .seconds(1))
        try await put("f", "two")
        #expect(try await driver.delete("f", scope: ada, ifVersion: nil, context: test.call))
        #expect(try await driver.delete("f", scope: ada, ifVersion: nil, context: test.call) == false)
        let history = try await driver.history("f", scope: ada, context: test.call)
        #expect(history.map(\.change) == [.put, .put, .delete])
        #expect(history.map(\.fact.content) == ["one", "two", "two"])
        #expect(history.map(\.fact.version) == [1, 2, 2])
        #expect(history.last?.at == test.now)
        #expect(try await recall(.text("two")).isEmpty)
        #expect(try await put("f", "three", ifVersion: 0).version == 3)
        #expect(try await driver.history("f", scope: ada, context: test.call).map(\.fact.version) == [1, 2, 2, 3])
        #expect(try await driver.history("f", scope: ["t1"], context: test.call).isEmpty)
    }

    @Test func `M5 forget removes a scope and what is under it, and nothing else`() async throws {
        for (id, scope) in [
            ("1", ["t", "u"]), ("2", ["t", "u", "v"]), ("3", ["t", "uv"]), ("4", ["t"]), ("5", ["t/u"]),
        ] as [(String, Scope)] { try await put(id, "secret", scope: scope, embedding: [1, 0]) }
        try await put("gone", "secret", scope: ["t", "u"])
        _ = try await driver.delete("gone", scope: ["t", "u"], ifVersion: nil, context: test.call)
        try await put("late", "secret", scope: ["t", "u"], expiresAfter: .seconds(1))
        test.clock.advance(by: .seconds(1))
        #expect(try await driver.forget(["t", "u"], context: test.call) == 2)
        #expect(try await driver.forget(["t", "u"], context: test.call) == 0)
        #expect(try await list(["t"]) == ["4", "3"])
        #expect(try await list(["t/u"]) == ["5"])
        #expect(try await recall(.text("secret"), scope: ["t"]).map(\.fact.id) == ["4", "3"])
        #expect(try await recall(.vector([1, 0]), scope: ["t", "u"]).isEmpty)
        for id in ["1", "gone", "late"] {
            #expect(try await driver.history(id, scope: ["t", "u"], context: test.call).isEmpty)
        }
        #expect(try await put("1", scope: ["t", "u"], ifVersion: 0).version == 1)
    }

    @Test func `M6 an expired fact is invisible from that instant to every read`() async throws {
        try await put("f", "words", expiresAfter: .seconds(1), embedding: [1, 0])
        try await put("f", "words", expiresAfter: .seconds(1), embedding: [1, 0])
        test.clock.advance(by: .milliseconds(999))
        #expect(try await list(ada) == ["f"])
        test.clock.advance(by: .milliseconds(1))
        #expect(try await driver.get(["f"], scope: ada, context: test.call).isEmpty)
        #expect(try await list(ada) == [])
        #expect(try await driver.history("f", scope: ada, context: test.call).isEmpty)
        #expect(try await recall(.text("words")).isEmpty)
        #expect(try await recall(.vector([1, 0])).isEmpty)
        #expect(try await driver.delete("f", scope: ada, ifVersion: nil, context: test.call) == false)
        let error = await #expect(throws: StoreError.self) { try await put("f", ifVersion: 2) }
        #expect(error?.conflict == .version(current: 0))
        let anew = try await put("f", "fresh", ifVersion: 0)
        #expect(anew.version == 1 && anew.createdAt == test.now)
        #expect(try await driver.history("f", scope: ada, context: test.call).map(\.fact.content) == ["fresh"])
        #expect(try await recall(.text("words")).isEmpty)
    }

    @Test func `sweep removes what has expired and counts facts`() async throws {
        try await put("a", expiresAfter: .seconds(1))
        try await put("b", expiresAfter: .seconds(1))
        try await put("c", expiresAfter: .seconds(2))
        _ = try await driver.delete("b", scope: ada, ifVersion: nil, context: test.call)
        #expect(try await driver.sweep(context: test.call) == 0)
        test.clock.advance(by: .seconds(1))
        #expect(try await driver.history("b", scope: ada, context: test.call).isEmpty)
        #expect(try await driver.sweep(context: test.call) == 1)
        #expect(try await driver.sweep(context: test.call) == 0)
        #expect(try await list(ada) == ["c"])
    }

    @Test func `M7 text ranks by BM25 within the scope, ties by scope then id, and the filter takes away`() async throws
    {
        try await put("twice", "tea tea", attributes: ["kind": "drink"])
        try await put("b", "tea cup")
        try await put("a", "tea cup", attributes: ["kind": "drink"])
        try await put("deep", "tea cup", scope: ["t1", "user", "ada", "x"])
        try await put("none", "coffee")
        // Another tenant's words have no influence on the ranks.
        let before = try await recall(.text("Tea, cup")).map(\.fact.id)
        for number in 0..<50 { try await put("o\(number)", "cup cup", scope: ["t2"]) }
        #expect(before == ["a", "b", "deep", "twice"])
        #expect(try await recall(.text("Tea, cup")).map(\.fact.id) == before)
        #expect(try await recall(.text("tea"), depth: .exact).map(\.fact.id) == ["twice", "a", "b"])
        #expect(try await recall(.text("tea cup"), limit: 1).map(\.fact.id) == ["a"])
        #expect(try await recall(.text("tea"), filter: .field("kind") == "drink").map(\.fact.id) == ["twice", "a"])
        #expect(try await recall(.text("tea")).allSatisfy { $0.similarity == nil && $0.score == nil })
        #expect(try await recall(.text("--")).isEmpty)
        #expect(try await recall(.text("tea"), scope: ["t2"]).isEmpty)
    }

    @Test func `M7 vectors rank by exact cosine; missing, other-sized and zero embeddings do not take part`()
        async throws
    {
        try await put("same", embedding: [2, 0])
        try await put("tie-b", embedding: [1, 1])
        try await put("tie-a", embedding: [3, 3])
        try await put("right", embedding: [0, 1])
        try await put("opposite", embedding: [-1, 0])
        try await put("none")
        try await put("long", embedding: [1, 0, 0])
        try await put("zero", embedding: [0, 0])
        let all = try await recall(.vector([4, 0]))
        #expect(all.map(\.fact.id) == ["same", "tie-a", "tie-b", "right", "opposite"])
        for (match, cosine) in zip(all, [1, 0.5.squareRoot(), 0.5.squareRoot(), 0, -1]) {
            #expect(abs((match.similarity ?? 9) - cosine) < 1e-12)
            #expect(abs((match.score ?? 9) - (1 + cosine) / 2) < 1e-12)
        }
        #expect(try await recall(.vector([1, 0]), minSimilarity: 0).map(\.fact.id).last == "right")
        #expect(try await recall(.vector([1, 0]), limit: 1).map(\.fact.id) == ["same"])
        for vector: [Float] in [[0, 0], [.nan, 1], [.infinity, 0], []] {
            let error = await #expect(throws: StoreError.self) { try await recall(.vector(vector)) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `filters see the attributes; listings are ordered and paged`() async throws {
        for number in 0..<25 {
            try await put(
                "f\(number)", scope: number % 2 == 0 ? ada : ["t1", "user"], attributes: ["n": .int(Int64(number))])
        }
        let expected =
            stride(from: 1, to: 25, by: 2).map { "f\($0)" }.sorted()
            + stride(from: 0, to: 25, by: 2).map { "f\($0)" }.sorted()
        for limit in [1, 3, 12, 13, 25, 100] { #expect(try await list(["t1"], limit: limit) == expected) }
        #expect(try await list(["t1"], filter: .field("n") >= 22) == ["f23", "f22", "f24"])
        #expect(try await list(["nobody"]) == [])
    }

    @Test func `X11 hostile ids and scopes are different ones`() async throws {
        let names = hostileNames.filter { $0.utf8.count <= 256 }
        for name in names {
            try await put(name, name)
            try await put("f", name, scope: ["t1", name])
        }
        for name in names {
            let found = try await driver.get([name], scope: ada, context: test.call)
            #expect(found.map { bytes($0.content) } == [bytes(name)])
            let scoped = try await driver.get(["f"], scope: ["t1", name], context: test.call)
            #expect(scoped.map { bytes($0.content) } == [bytes(name)])
        }
        let sorted = names.map(bytes).sorted { $0.lexicographicallyPrecedes($1) }
        #expect(try await list(ada, limit: 1).map(bytes) == sorted)
        for name in names { #expect(try await driver.forget(["t1", name], context: test.call) == 1) }
        #expect(try await list(ada).count == names.count)
    }

    @Test func `concurrent conditional writes lose no version`() async throws {
        let (driver, call, ada) = (driver, test.call, ada)
        try await put("f", "0")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var done = 0
                    while done < 50 {
                        let fact = try #require(try await driver.get(["f"], scope: ada, context: call).first)
                        let draft = FactDraft(id: "f", scope: ada, content: "\((Int(fact.content) ?? 0) + 1)")
                        let result = try await driver.put(
                            [FactPut(draft: draft, ifVersion: fact.version)], context: call)
                        if result[0].failureCode == nil { done += 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await driver.get(["f"], scope: ada, context: call).first?.content == "400")
        #expect(try await driver.history("f", scope: ada, context: call).map(\.fact.version) == Array(1...401))
    }
}
