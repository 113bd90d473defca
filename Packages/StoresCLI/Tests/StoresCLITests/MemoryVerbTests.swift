import StoresCore
import Testing

@testable import StoresCommand

@Suite struct MemoryVerbTests {
    @Test func factsHaveVersionsHistoryAndScopes() async throws {
        let tool = try Tool()
        let put = try await tool.run(
            "memory", "put", "--id", "home", "--scope", "user/ada", "--content", "Ada lives in London", "--attribute",
            "since=1840", "--attribute", "city=London"
        ).object()
        #expect(put["version"] == 1 && put["attributes"] == ["since": 1840, "city": "London"])
        let stale = await tool.run(
            "memory", "put", "--id", "home", "--scope", "user/ada", "--content", "x", "--if-version", "7",
            "--json-errors")
        #expect(stale.status == 4)
        #expect(try stale.error()["conflict"] == ["kind": "version", "current": 1])
        let lines = """
            {"id":"home","scope":["user","ada"],"content":"Ada lives in Paris","ifVersion":1}
            {"id":"work","scope":"user/ada/work","content":"Ada writes programs"}
            {"id":"home","scope":["user","ada"],"content":"lost","ifVersion":1}
            """
        let bulk = await tool.run("memory", "put", input: lines)
        #expect(bulk.status == 4, "the first failure gives the exit code")
        #expect(try bulk.values().last == ["succeeded": 2, "failed": 1])
        let history = try await tool.run("memory", "history", "home", "--scope", "user/ada").values()
        #expect(history.compactMap { $0["fact"]?["content"] } == ["Ada lives in London", "Ada lives in Paris"])
        #expect(try await tool.run("memory", "list", "--scope", "user").values().count == 2)
        #expect(try await tool.run("memory", "list", "--scope", "user/ada", "--depth", "exact").values().count == 1)
        let recalled = try await tool.run("memory", "recall", "--scope", "user", "--text", "programs").values()
        #expect(recalled.first?["id"] == "work")
        #expect(await tool.run("memory", "get", "nobody", "--scope", "user/ada").status == 3)
        #expect(try await tool.run("memory", "delete", "home", "--scope", "user/ada").object() == ["deleted": true])
        let unconfirmed = await tool.run("memory", "forget", "--scope", "user", "--confirm", "users")
        #expect(unconfirmed.status == 2)
        let forgotten = await tool.run("memory", "forget", "--scope", "user", "--confirm", #"["user"]"#)
        #expect(try forgotten.object() == ["forgotten": 1])
        #expect(try await tool.run("memory", "sweep").object() == ["swept": 0])
    }

    @Test func aSlashInASegmentIsLiteral() async throws {
        let tool = try Tool()
        _ = await tool.run("memory", "put", "--id", "a", "--scope", #"["x/y"]"#, "--content", "c")
        #expect(try await tool.run("memory", "list", "--scope", "x/y").values().isEmpty)
        #expect(try await tool.run("memory", "list", "--scope", #"["x/y"]"#).values().count == 1)
    }

    @Test func recallByVectorHasScores() async throws {
        let tool = try Tool()
        _ = await tool.run("memory", "put", "--id", "a", "--scope", "s", "--content", "event streams", "--embed")
        let facts = try await tool.run("memory", "recall", "--scope", "s", "--embed", "event streams").values()
        guard case .double(let score) = facts.first?["score"] else { throw StoreError(.internal, "no score") }
        #expect(score > 0.999)
    }
}
