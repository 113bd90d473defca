import StoresCore
import Testing

@Suite struct InMemorySearchTests {
    let test = TestContext()
    let driver = InMemorySearchDriver()
    let spec = SearchIndexSpec(
        name: "docs",
        fields: [
            "title": .text(.english), "body": .text(.standard), "tag": .keyword, "size": .number, "at": .instant,
        ])

    private func make(_ documents: [(String, Metadata)], in driver: InMemorySearchDriver? = nil) async throws {
        let driver = driver ?? self.driver
        _ = try await driver.ensureIndex(spec, mode: .create, context: test.call)
        let receipt = try await driver.upsert(
            documents.map { SearchDocument(id: $0.0, fields: $0.1) }, into: spec, visibility: .accepted,
            context: test.call)
        #expect(receipt.result.succeeded == documents.map(\.0) && receipt.result.failed.isEmpty)
    }

    private func search(
        _ query: SearchQuery, filter: Filter? = nil, facets: [FacetRequest] = [], highlight: [String] = [],
        cursor: Cursor? = nil, limit: Int = 100
    ) async throws -> SearchResults {
        let request = SearchRequest(
            query: query, filter: filter, facets: facets, highlight: highlight, cursor: cursor, limit: limit)
        return try await driver.search(request, in: spec, context: test.call)
    }

    private func ids(_ query: SearchQuery, filter: Filter? = nil) async throws -> Set<String> {
        let results = try await search(query, filter: filter)
        #expect(results.total == results.hits.count)
        return Set(results.hits.map(\.id))
    }

    private let library: [(String, Metadata)] = [
        ("1", ["title": "Running databases", "body": "How to run Postgres", "tag": "db", "size": 10]),
        ("2", ["title": "Swift servers", "body": "run a server; run it well", "tag": ["swift", "db"], "size": 20]),
        ("3", ["title": "The cook", "body": "Tea and running water", "tag": "food", "size": 30, "other": "postgres"]),
        ("4", ["body": ["swift fox", "red dog"], "tag": ["swift", "swift"]]),
        ("5", [:]),
    ]

    @Test func `T1 an index keeps its shape; a missing one is notFound`() async throws {
        let verify = await #expect(throws: StoreError.self) {
            try await driver.ensureIndex(spec, mode: .verify, context: test.call)
        }
        #expect(verify?.code == .notFound)
        #expect(try await driver.ensureIndex(spec, mode: .create, context: test.call) == spec)
        let other = SearchIndexSpec(name: "docs", fields: ["x": .keyword])
        for mode in SchemaMode.allCases {
            #expect(try await driver.ensureIndex(other, mode: mode, context: test.call) == spec)
        }
        _ = try await driver.ensureIndex(SearchIndexSpec(name: "a", fields: [:]), mode: .create, context: test.call)
        #expect(try await driver.indexes(context: test.call).map(\.name) == ["a", "docs"])
        #expect(try await driver.dropIndex("docs", context: test.call))
        #expect(try await driver.dropIndex("docs", context: test.call) == false)
        let missing = await #expect(throws: StoreError.self) { try await search(.all) }
        #expect(missing?.code == .notFound)
    }

    @Test func `T2 match, phrase, prefix`() async throws {
        try await make(library)
        #expect(try await ids(.all) == ["1", "2", "3", "4", "5"])
        #expect(try await ids(.match("run")) == ["1", "2"])
        #expect(try await ids(.match(field: "title", "runs")) == ["1"])
        #expect(try await ids(.match(field: "body", "running")) == ["3"])
        #expect(try await ids(.match("running")) == ["1", "3"])
        #expect(try await ids(.match("swift postgres")) == ["1", "2", "4"])
        #expect(try await ids(.match("swift server", operator: .and)) == ["2"])
        #expect(try await ids(.match("swift run well", operator: .and)) == ["2"])
        #expect(try await ids(.phrase("run a server")) == ["2"])
        #expect(try await ids(.phrase("server run")) == ["2"])
        #expect(try await ids(.phrase("swift fox")) == ["4"])
        // The end of one text and the beginning of the next are no phrase.
        #expect(try await ids(.phrase("fox red")) == [])
        #expect(try await ids(.prefix("post")) == ["1"])
        #expect(try await ids(.prefix("swift serv")) == ["2"])
        #expect(try await ids(.match("")) == [])
        #expect(try await ids(.match(field: "title", "the")) == [])
        // Neither undeclared nor keyword fields are searched.
        #expect(try await ids(.match("food")) == [])
        #expect(try await ids(.match(field: "other", "postgres")) == [])
    }

    @Test func `T2 boolean`() async throws {
        try await make(library)
        #expect(try await ids(.boolean(must: [.match("run"), .match("swift")])) == ["2"])
        #expect(try await ids(.boolean(should: [.match("tea"), .match("fox")])) == ["3", "4"])
        #expect(try await ids(.boolean(must: [.match("run")], mustNot: [.match("swift")])) == ["1"])
        #expect(try await ids(.boolean(must: [.all], mustNot: [.match("run")])) == ["3", "4", "5"])
        #expect(try await ids(.boolean(must: [.match("nowhere"), .all])) == [])
        // Nothing asked for: nothing matches, as no operand of `or` does.
        #expect(try await ids(.boolean()) == [])
        #expect(try await ids(.boolean(mustNot: [.match("run")])) == [])
        let ranked = try await search(.boolean(must: [.match("run")], should: [.match("postgres")]))
        let plain = try await search(.match("run"))
        #expect(ranked.hits.map(\.id).contains("2") && ranked.hits.first?.id == "1")
        #expect(ranked.hits.count == plain.hits.count)
        let nested = SearchQuery.boolean(must: [.boolean(should: [.match("tea"), .match("fox")]), .match("dog")])
        #expect(try await ids(nested) == ["4"])
    }

    @Test func `filters narrow hits, total, facets and count, and see undeclared fields`() async throws {
        try await make(library)
        #expect(try await ids(.match("run swift"), filter: .field("size") >= 20) == ["2"])
        #expect(try await ids(.all, filter: .field("other") == "postgres") == ["3"])
        let results = try await search(
            .all, filter: .field("size") < 25, facets: [FacetRequest("tag")], limit: 1)
        #expect(results.total == 2 && results.hits.count == 1)
        #expect(results.facets["tag"] == [FacetValue(value: "db", count: 2), FacetValue(value: "swift", count: 1)])
        #expect(try await driver.count(where: nil, in: spec, context: test.call) == 5)
        #expect(try await driver.count(where: .field("size") > 15, in: spec, context: test.call) == 2)
    }

    @Test func `facets count documents, most frequent first, ties by value`() async throws {
        try await make(library)
        let all = try await search(.all, facets: [FacetRequest("tag"), FacetRequest("size")])
        #expect(
            all.facets["tag"] == [
                FacetValue(value: "db", count: 2), FacetValue(value: "swift", count: 2),
                FacetValue(value: "food", count: 1),
            ])
        #expect(all.facets["size"] == [])
        #expect(try await search(.all, facets: [FacetRequest("tag", limit: 1)]).facets["tag"]?.map(\.value) == ["db"])
    }

    @Test func `highlights are per asked field and found word`() async throws {
        try await make(library)
        let results = try await search(.match("running swift"), highlight: ["title", "body", "tag", "none"])
        let byID = Dictionary(uniqueKeysWithValues: results.hits.map { ($0.id, $0.highlights) })
        #expect(byID["1"] == ["title": ["<em>Running</em> databases"]])
        #expect(byID["2"] == ["title": ["<em>Swift</em> servers"]])
        #expect(byID["3"] == ["body": ["Tea and <em>running</em> water"]])
        #expect(byID["4"] == ["body": ["<em>swift</em> fox"]])
        #expect(try await search(.match("swift")).hits.allSatisfy { $0.highlights.isEmpty })
        #expect(results.hits.first { $0.id == "5" } == nil)
    }

    @Test(arguments: [1, 3, 7, 100])
    func `cursor pages are the whole result in order`(limit: Int) async throws {
        let documents = (0..<60).map { number in
            ("d\(number)", ["body": .string(String(repeating: "tea ", count: number % 4 + 1) + "x")] as Metadata)
        }
        try await make(documents)
        let whole = try await search(.match("tea"))
        #expect(whole.hits.count == 60 && whole.next == nil)
        let sorted = whole.hits.sorted { $0.score == $1.score ? $0.id < $1.id : $0.score > $1.score }
        #expect(sorted == whole.hits)
        var hits: [SearchHit] = []
        var cursor: Cursor?
        repeat {
            let page = try await search(.match("tea"), cursor: cursor, limit: limit)
            #expect(page.total == 60 && page.hits.count <= limit)
            hits += page.hits
            cursor = page.next
        } while cursor != nil
        #expect(hits == whole.hits)
    }

    @Test func `a cursor goes on in the live data after its hit was deleted`() async throws {
        try await make((0..<10).map { ("d\($0)", [:]) })
        let first = try await search(.all, limit: 3)
        _ = try await driver.delete(.ids(["d2", "d3"]), from: spec, context: test.call)
        let second = try await search(.all, cursor: first.next, limit: 3)
        #expect(second.hits.map(\.id) == ["d4", "d5", "d6"] && second.total == 8)
        for raw in ["", "zz", "6162", "6162.63.", "7878.61"] {
            let error = await #expect(throws: StoreError.self) {
                try await search(.all, cursor: Cursor(rawValue: raw))
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func `documents are replaced whole, read back and deleted`() async throws {
        try await make(library)
        try await make([("1", ["body": "other"])])
        #expect(try await ids(.match("postgres")) == [])
        #expect(try await ids(.match("other")) == ["1"])
        let read = try await driver.get(["3", "none", "1"], from: spec, context: test.call)
        #expect(read.map(\.id) == ["3", "1"])
        #expect(read.last?.fields == ["body": "other"])
        #expect(try await driver.delete(.ids(["1", "none"]), from: spec, context: test.call) == 1)
        #expect(try await driver.delete(.filter(.field("size") > 0), from: spec, context: test.call) == 2)
        #expect(try await ids(.all) == ["4", "5"])
        #expect(try await driver.delete(.all, from: spec, context: test.call) == 2)
        #expect(try await ids(.all) == [])
        #expect(try await ids(.match("swift")) == [])
    }

    @Test func `V5 queries see a write when the clock has moved by the delay`() async throws {
        let slow = InMemorySearchDriver(behavior: InMemoryBehavior(visibilityDelay: .seconds(2)))
        func ids() async throws -> [String] {
            let request = SearchRequest(query: .match("word"), limit: 9)
            return try await slow.search(request, in: spec, context: test.call).hits.map(\.id)
        }
        func write(_ id: String, _ visibility: Visibility) async throws -> Bool {
            let document = SearchDocument(id: id, fields: ["body": "word"])
            return try await slow.upsert([document], into: spec, visibility: visibility, context: test.call)
                .isSearchable
        }
        _ = try await slow.ensureIndex(spec, mode: .create, context: test.call)
        #expect(try await write("a", .accepted) == false)
        #expect(try await ids() == [])
        #expect(try await slow.count(where: nil, in: spec, context: test.call) == 0)
        #expect(try await slow.get(["a"], from: spec, context: test.call).count == 1)
        test.clock.advance(by: .milliseconds(1999))
        #expect(try await ids() == [])
        #expect(try await write("b", .searchable(within: .seconds(1))) == false)
        test.clock.advance(by: .milliseconds(1))
        #expect(try await ids() == ["a"])
        #expect(try await slow.delete(.ids(["a"]), from: spec, context: test.call) == 1)
        #expect(try await ids() == ["a"])
        // One that waits long enough has waited for all before it.
        #expect(try await write("c", .searchable(within: .seconds(2))))
        #expect(try await ids() == ["b", "c"])
    }

    @Test func `another kind than the mapping says has no words and does not crash`() async throws {
        try await make([
            ("a", ["title": 5, "body": ["x": "word"], "tag": 7]), ("b", ["body": [["word"]], "tag": [1, nil]]),
            ("c", ["body": "word"]),
        ])
        #expect(try await ids(.match("word")) == ["c"])
        let results = try await search(.all, facets: [FacetRequest("tag")], highlight: ["body"])
        #expect(results.total == 3 && results.facets["tag"] == [])
    }

    @Test func `X11 hostile ids and names are different ones`() async throws {
        try await make(hostileNames.map { ($0, ["body": .string("word \($0)"), "tag": .string($0)]) })
        for name in hostileNames {
            let read = try await driver.get([name], from: spec, context: test.call)
            #expect(read.map { bytes($0.id) } == [bytes(name)])
        }
        let results = try await search(.match("word"), facets: [FacetRequest("tag", limit: 100)])
        #expect(Set(results.hits.map { bytes($0.id) }) == Set(hostileNames.map(bytes)))
        #expect(results.facets["tag"]?.count == hostileNames.count)
        var seen: [[UInt8]] = []
        var cursor: Cursor?
        repeat {
            let page = try await search(.all, cursor: cursor, limit: 1)
            seen += page.hits.map { bytes($0.id) }
            cursor = page.next
        } while cursor != nil
        #expect(seen == hostileNames.map(bytes).sorted { $0.lexicographicallyPrecedes($1) })
        for name in hostileNames {
            let other = SearchIndexSpec(name: name, fields: [:])
            #expect(try await driver.ensureIndex(other, mode: .create, context: test.call).name == name)
        }
        #expect(try await driver.indexes(context: test.call).count == hostileNames.count + 1)
    }

    @Test func `concurrent writers and readers see whole documents`() async throws {
        let (driver, spec, call) = (driver, spec, test.call)
        try await make([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<50 {
                        let document = SearchDocument(
                            id: "d\(round % 10)", fields: ["body": .string("word w\(task)"), "size": .int(Int64(task))])
                        _ = try await driver.upsert([document], into: spec, visibility: .accepted, context: call)
                        let request = SearchRequest(query: .match("word"), limit: 100)
                        let hits = try await driver.search(request, in: spec, context: call).hits
                        #expect(
                            hits.allSatisfy { hit in
                                guard case .string(let body) = hit.fields["body"],
                                    case .int(let size) = hit.fields["size"]
                                else { return false }
                                return body == "word w\(size)"
                            })
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await ids(.match("word")).count == 10)
    }
}
