import StoresCore
import Testing

@testable import StoresCommand

@Suite struct VectorVerbTests {
    @Test func recordsComeBackAsTheyWere() async throws {
        let tool = try Tool()
        let record =
            #"{"id":"a","vector":[0.1,-3,1e-30],"metadata":{"n":1,"x":1.0,"at":{"$instant":"2026-01-02T03:04:05.678Z"}},"document":"words"}"#
        let written = await tool.run(
            "vector", "upsert", "--collection", "docs", "--dimensions", "3", input: record + "\n\n")
        #expect(written.status == 0, "\(written.errors)")
        #expect(try written.object() == ["succeeded": 1, "failed": 0, "searchable": true])
        let read = try await tool.run("vector", "get", "--collection", "docs", "--ids", "a", "--include", "all")
            .object()
        #expect(
            read["metadata"] == ["n": 1, "x": 1.0, "at": .instant(try #require(Timestamp("2026-01-02T03:04:05.678Z")))])
        #expect(read["document"] == "words")
        // Bit for bit: the float nearest to 0.1, as a double.
        #expect(read["vector"] == .array([Float(0.1), -3, 1e-30].map { .double(Double($0)) }))
    }

    @Test func streamsManyRecordsAndPagesThroughThem() async throws {
        let tool = try Tool()
        let lines = (0..<1203).map { #"{"id":"r\#(1000 + $0)","vector":[1,\#($0)],"metadata":{"n":\#($0)}}"# }
        let written = await tool.run(
            "vector", "upsert", "--collection", "many", "--dimensions", "2", "--field", "n:int", "--acknowledge",
            input: lines.joined(separator: "\n"))
        #expect(try written.values().count == 1204)
        #expect(try await tool.run("vector", "scroll", "--collection", "many").values().count == 1203)
        let page = try await tool.run("vector", "scroll", "--collection", "many", "--limit", "5").values()
        #expect(page.count == 6)
        guard case .string(let cursor) = page.last?["next"] else { throw StoreError(.internal, "no cursor") }
        let next = try await tool.run(
            "vector", "scroll", "--collection", "many", "--limit", "5", "--cursor", cursor
        ).values()
        #expect(next.first?["id"] == "r1005")
        let counted = await tool.run("vector", "count", "--collection", "many", "--where", "n < 10 OR n = 1202")
        #expect(try counted.object() == ["count": 11])
        let deleted = await tool.run("vector", "delete", "--collection", "many", "--where", "n < 10")
        #expect(try deleted.object() == ["deleted": 10])
        let byID = await tool.run(
            ["vector", "delete", "--collection", "many", "--ids", "-"], input: Input("\"r1010\"\n\"zz\"\n"))
        #expect(try byID.object() == ["deleted": 1])
    }

    @Test func queriesByVectorByTextAndByBoth() async throws {
        let tool = try Tool()
        let lines = """
            {"id":"a","document":"leases have generations","metadata":{"kind":"x"}}
            {"id":"b","document":"vectors have directions","metadata":{"kind":"y"}}
            """
        let written = await tool.run(
            "vector", "upsert", "--collection", "docs", "--dimensions", "64", "--embed", input: lines)
        #expect(written.status == 0, "\(written.errors)")
        for way in ["--embed", "--text"] {
            let hits = try await tool.run("vector", "query", "--collection", "docs", way, "generations of leases")
                .values()
            #expect(hits.first?["id"] == "a", "\(way)")
        }
        let hybrid = try await tool.run(
            "vector", "query", "--collection", "docs", "--embed", "directions", "--text", "vectors", "--where",
            "kind = 'y'", "--include", "document"
        ).values()
        #expect(hybrid == [["id": "b", "document": "vectors have directions"]])
        let many = try await tool.run(
            "vector", "query", "--collection", "docs", "--queries", "--include", "none",
            input: #"{"embed":"leases","limit":1}"# + "\n" + #"{"text":"vectors"}"#
        ).values()
        #expect(many.count == 2)
        #expect(many[1] == ["matches": [["id": "b"]], "complete": true])
    }

    @Test func theOptionsHoldForQueriesThatDoNotSayThem() async throws {
        let tool = try Tool()
        let records = """
            {"id":"a","vector":[1,0],"metadata":{"kind":"x"}}
            {"id":"b","vector":[1,0],"metadata":{"kind":"y"}}
            {"id":"c","vector":[0,1],"metadata":{"kind":"x"}}
            """
        _ = await tool.run("vector", "upsert", "--collection", "c", "--dimensions", "2", input: records)
        let queries = """
            {"vector":[1,0]}
            {"vector":[1,0],"where":"kind = 'y'"}
            {"vector":[1,0],"minScore":0.1}
            """
        let answers = try await tool.run(
            "vector", "query", "--collection", "c", "--queries", "--where", "kind = 'x'", "--min-score", "0.9",
            "--include", "none", input: queries
        ).values()
        let ids = answers.map { answer -> [Value?] in
            if case .array(let matches) = answer["matches"] { matches.map { $0["id"] } } else { [] }
        }
        #expect(ids == [["a"], ["b"], ["a", "c"]])
    }

    @Test func queriesByNumbersFromAnOptionOrStdin() async throws {
        let tool = try Tool()
        _ = await tool.run(
            "vector", "upsert", "--collection", "c", "--dimensions", "2",
            input: "{\"id\":\"x\",\"vector\":[1,0]}\n{\"id\":\"y\",\"vector\":[0,1]}")
        let query = ["vector", "query", "--collection", "c", "--include", "none", "--vector"]
        let given = try await tool.run(query + ["[1,0]", "--min-score", "0.9"]).object()
        #expect(given == ["id": "x", "similarity": 1.0, "score": 1.0])
        #expect(try await tool.run(query + ["-"], input: Input("[0,2]\n")).values().map { $0["id"] } == ["y", "x"])
        #expect(await tool.run(query + ["1"]).status == 2)
        #expect(await tool.run(query + ["[1,0,0]"]).status == 2)
    }

    @Test func refusalsHaveTheirExitCodes() async throws {
        let tool = try Tool()
        #expect(await tool.run("vector", "count", "--collection", "none").status == 3)
        #expect(await tool.run("vector", "ensure", "--collection", "c", "--dimensions", "2").status == 0)
        let shape = await tool.run("vector", "ensure", "--collection", "c", "--dimensions", "3", "--json-errors")
        #expect(shape.status == 4)
        #expect(try shape.error()["code"] == "schemaMismatch")
        #expect(try shape.error()["conflict"]?["kind"] == "schema")
        let wrong = await tool.run("vector", "upsert", "--collection", "c", input: #"{"id":"a","vector":[1]}"#)
        #expect(wrong.status == 2 && wrong.errors.contains("1 dimensions, not 2"), "\(wrong.errors)")
        let misspelt = await tool.run(
            "vector", "upsert", "--collection", "c", input: "\n{\"id\":\"a\",\"vektor\":[1,2]}")
        #expect(misspelt.status == 2 && misspelt.errors.contains("line 2"), "\(misspelt.errors)")
        let huge = await tool.run("vector", "upsert", "--collection", "c", input: #"{"id":"a","vector":[1e300,1]}"#)
        #expect(huge.status == 2 && huge.errors.contains("32-bit floats"), "\(huge.errors)")
        for option in [["--metric", "dot"], ["--field", "n:int"], ["--unit-vectors"], ["--option", "a=b"]] {
            let ignored = await tool.run(["vector", "upsert", "--collection", "c"] + option)
            #expect(ignored.status == 2 && ignored.errors.contains("--dimensions is missing"), "\(option)")
        }
        #expect(await tool.run("vector", "count", "--collection", "c", "--where", "n =").status == 2)
        #expect(await tool.run("vector", "delete", "--collection", "c", "--where", "TRUE").status == 2)
        #expect(await tool.run("vector", "delete", "--collection", "c", "--all", "--confirm", "d").status == 2)
        #expect(
            try await tool.run("vector", "drop", "--collection", "c", "--confirm", "c").object() == ["dropped": true])
        #expect(try await tool.run("vector", "collections").values().isEmpty)
    }
}
