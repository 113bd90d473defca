import StoresCore
import Testing

@testable import StoresCommand

@Suite struct SearchVerbTests {
    static let documents = """
        {"id":"a","fields":{"title":"Swift on servers","kind":"guide","size":3}}
        {"id":"b","fields":{"title":"Servers and clients","kind":"guide","size":4.5}}
        {"id":"c","fields":{"title":"Gardens","kind":"story"}}
        """

    func filled() async throws -> Tool {
        let tool = try Tool()
        let written = await tool.run(
            "search", "upsert", "--index", "pages", "--field", "title:text:english", "--field", "kind:keyword",
            input: Self.documents)
        #expect(written.status == 0, "\(written.errors)")
        return tool
    }

    @Test func findsByWordsPhrasesPrefixesAndJSON() async throws {
        let tool = try await filled()
        func ids(_ arguments: String...) async throws -> [Value?] {
            let result = await tool.run(["search", "query", "--index", "pages"] + arguments)
            #expect(result.status == 0, "\(result.errors)")
            return try result.values().dropLast().map { $0["id"] }.sorted { "\($0 ?? .null)" < "\($1 ?? .null)" }
        }
        #expect(try await ids("--match", "server") == ["a", "b"])
        #expect(try await ids("--match", "swift servers", "--all-words") == ["a"])
        #expect(try await ids("--phrase", "servers and clients") == ["b"])
        #expect(try await ids("--prefix", "gard") == ["c"])
        #expect(try await ids("--match", "servers", "--where", "size > 3") == ["b"])
        #expect(try await ids() == ["a", "b", "c"])
        #expect(
            try await ids("--query", #"{"boolean":{"must":[{"match":"servers"}],"mustNot":[{"phrase":"swift"}]}}"#) == [
                "b"
            ])
        #expect(await tool.run("search", "query", "--index", "pages", "--query", #"{"mach":"x"}"#).status == 2)
        for ignored in [
            ["--query", #""all""#, "--in", "title"], ["--query", #""all""#, "--all-words"], ["--in", "title"],
        ] {
            #expect(await tool.run(["search", "query", "--index", "pages"] + ignored).status == 2, "\(ignored)")
        }
    }

    @Test func facetsHighlightsAndPages() async throws {
        let tool = try await filled()
        let found = try await tool.run(
            "search", "query", "--index", "pages", "--match", "servers", "--facet", "kind", "--highlight", "title",
            "--limit", "1"
        ).values()
        #expect(found.count == 2)
        #expect(found[0]["highlights"]?["title"] != nil)
        #expect(found[1]["total"] == 2)
        #expect(found[1]["facets"] == ["kind": [["value": "guide", "count": 2]]])
        guard case .string(let cursor) = found[1]["next"] else { throw StoreError(.internal, "no cursor") }
        let rest = try await tool.run(
            "search", "query", "--index", "pages", "--match", "servers", "--limit", "1", "--cursor", cursor
        ).values()
        #expect(rest.count == 2 && rest[0]["id"] != found[0]["id"] && rest[1]["next"] == nil)
        let all = try await tool.run("search", "query", "--index", "pages", "--limit", "1", "--all").values()
        #expect(all.count == 4)
    }

    @Test func getsCountsDeletesAndDrops() async throws {
        let tool = try await filled()
        #expect(try await tool.run("search", "get", "--index", "pages", "--ids", "c", "x").object()["id"] == "c")
        #expect(
            try await tool.run("search", "count", "--index", "pages", "--where", "kind = 'guide'").object() == [
                "count": 2
            ])
        let shapes = try await tool.run("search", "indexes").values()
        #expect(shapes == [["name": "pages", "fields": ["title": "text:english", "kind": "keyword"]]])
        let other = await tool.run("search", "index", "--index", "pages", "--field", "title:keyword")
        #expect(other.status == 4)
        let wrong = await tool.run("search", "upsert", "--index", "pages", input: #"{"id":"d","fields":{"kind":1}}"#)
        #expect(wrong.status == 2)
        #expect(
            try await tool.run("search", "delete", "--index", "pages", "--ids", "a", "x").object() == ["deleted": 1])
        #expect(
            try await tool.run("search", "drop", "--index", "pages", "--confirm", "pages").object() == ["dropped": true]
        )
        #expect(await tool.run("search", "count", "--index", "pages").status == 3)
    }
}
