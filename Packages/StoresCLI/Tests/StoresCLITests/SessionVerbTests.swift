import StoresCore
import Testing

@testable import StoresCommand

@Suite struct SessionVerbTests {
    @Test func valuesKeepTheirBytes() async throws {
        let tool = try Tool()
        let set = await tool.run("session", "set", "a/b", "--text", "grüße", "--never")
        #expect(set.status == 0, "\(set.errors)")
        #expect(await tool.run("session", "get", "a/b", "--raw").output == "grüße")
        #expect(await tool.run("session", "set", "bytes", "--base64", "/wD+", "--ttl", "1h").status == 0)
        let entry = try await tool.run("session", "get", "bytes").object()
        #expect(entry["valueBase64"] == "/wD+" && entry["text"] == nil)
        #expect(entry["expiresAt"] != nil)
        _ = await tool.run("session", "set", "j", "--json", #"{"b":1.0, "a":[1]}"#, "--never")
        #expect(await tool.run("session", "get", "j", "--raw").output == #"{"a":[1],"b":1.0}"#)
        _ = await tool.run(["session", "set", "in", "--never"], input: Input(bytes: [0, 255, 10]))
        #expect(try await tool.run("session", "get", "in").object()["valueBase64"] == "AP8K")
        #expect(try await tool.run("session", "get", "j", "none", "in").values().count == 2)
        #expect(await tool.run("session", "get", "none").status == 3)
    }

    @Test func theTimeToLiveIsSaid() async throws {
        let tool = try Tool()
        let implicit = await tool.run("session", "set", "k", "--text", "v")
        #expect(implicit.status == 2 && implicit.errors.contains("--ttl"))
        #expect(await tool.run("session", "set", "k", "--text", "v", "--ttl", "1h", "--never").status == 2)
        #expect(await tool.run("session", "set", "k", "--text", "v", "--ttl", "1h").status == 0)
        #expect(try await tool.run("session", "touch", "k", "--never").object() == ["key": "k"])
        #expect(await tool.run("session", "touch", "none", "--never").status == 3)
    }

    @Test func conditionsFailWithWhatIsThere() async throws {
        let tool = try Tool()
        let first = try await tool.run("session", "set", "k", "--text", "1", "--never", "--if-absent").object()
        guard case .string(let etag) = first["etag"] else { throw StoreError(.internal, "no etag") }
        let taken = await tool.run("session", "set", "k", "--text", "2", "--never", "--if-absent", "--json-errors")
        #expect(taken.status == 4)
        #expect(try taken.error()["conflict"] == ["kind": "etag", "current": .string(etag)])
        #expect(try taken.error()["applied"] == "no" && taken.error()["retryable"] == false)
        #expect(await tool.run("session", "set", "k", "--text", "2", "--never", "--if-match", etag).status == 0)
        #expect(await tool.run("session", "delete", "k", "--if-match", etag).status == 4)
    }

    @Test func countersListsAndPrefixes() async throws {
        let tool = try Tool()
        #expect(try await tool.run("session", "increment", "n", "--by", "-3", "--never").object()["count"] == -3)
        for word in ["a", "b", "c"] {
            _ = await tool.run("session", "append", "l", "--text", word, "--keep-last", "2", "--never")
        }
        #expect(try await tool.run("session", "elements", "l").values() == [["text": "b"], ["text": "c"]])
        #expect(await tool.run("session", "get", "l").status == 4, "a list is no value")
        let lines = """
            {"key":"u/4","text":"x","expiry":"never"}
            {"key":"u/42","value":{"a":1},"expiry":"30s"}
            {"key":"n","text":"x","expiry":"never","ifMatch":"stale"}
            """
        let bulk = await tool.run("session", "set", "--lines", input: lines)
        #expect(bulk.status == 4)
        #expect(try bulk.values().last == ["succeeded": 2, "failed": 1])
        #expect(try await tool.run("session", "delete-prefix", "u/4").object() == ["deleted": 1])
        #expect(try await tool.run("session", "scan", "u").values() == [["key": "u/42"]])
    }

    @Test func theOptionsHoldForLinesThatDoNotSayThem() async throws {
        let tool = try Tool()
        let lines = """
            {"key":"a","text":"x"}
            {"key":"b","text":"x","expiry":"never","contentType":"text/html"}
            """
        let written = await tool.run(
            "session", "set", "--lines", "--ttl", "1h", "--content-type", "text/css", input: lines)
        #expect(written.status == 0, "\(written.errors)")
        let a = try await tool.run("session", "get", "a").object()
        #expect(a["contentType"] == "text/css" && a["expiresAt"] != nil)
        let b = try await tool.run("session", "get", "b").object()
        #expect(b["contentType"] == "text/html" && b["expiresAt"] == nil)
        // The generation was never granted.
        let fenced = await tool.run(
            "session", "set", "--lines", "--never", "--guard-lease", "job", "--generation", "7", input: lines)
        #expect(fenced.status == 4)
        #expect(await tool.run("session", "set", "--lines", input: lines).errors.contains("expiry is"))
        let misspelt = await tool.run(
            "session", "set", "--lines", "--never", input: #"{"key":"a","text":"x","expiry":"soon"}"#)
        #expect(misspelt.status == 2 && misspelt.errors.contains("expiry is"), "\(misspelt.errors)")
    }

    @Test(arguments: [
        ["set", "--lines", "--never", "--if-absent"], ["set", "--lines", "--never", "--if-match", "1"],
        ["set", "--lines", "--never", "--text", "x"], ["set", "--lines", "--never", "--json", "1"],
        ["append", "l", "--keep-last", "2", "--never", "--lines", "--text", "x"],
        ["append", "l", "--keep-last", "2", "--never", "--lines", "--base64", "eA=="],
        ["append", "l", "--keep-last", "2", "--text", "x"], ["increment", "n"],
    ])
    func whatWouldBeIgnoredIsRefused(_ arguments: [String]) async throws {
        let tool = try Tool()
        let result = await tool.run(["session"] + arguments, input: Input(#"{"key":"a","text":"x"}"#))
        #expect(result.status == 2, "\(result.output) \(result.errors)")
    }

    @Test func transactionsAndLeases() async throws {
        let tool = try Tool()
        let operations = """
            {"op":"check","key":"a","ifAbsent":true}
            {"op":"set","key":"b","text":"1","expiry":"never"}
            """
        #expect(try await tool.run("session", "transaction", input: operations).values().count == 2)
        let failing = operations.replacing("\"a\"", with: "\"b\"").replacing(
            "\"set\",\"key\":\"b\"", with: "\"set\",\"key\":\"c\"")
        #expect(await tool.run("session", "transaction", input: failing).status == 4)
        #expect(await tool.run("session", "get", "c").status == 3)

        let lease = try await tool.run("session", "lease", "acquire", "job", "--ttl", "1h").object()
        #expect(lease["generation"] == 1)
        #expect(await tool.run("session", "lease", "acquire", "job", "--ttl", "1h").status == 4)
        let guarded = ["session", "set", "w", "--text", "x", "--never", "--guard-lease", "job", "--generation", "1"]
        #expect(await tool.run(guarded).status == 0)
        #expect(
            try await tool.run("session", "lease", "release", "job", "--generation", "1").object()["released"] == true)
        #expect(try await tool.run("session", "lease", "acquire", "job", "--ttl", "1h").object()["generation"] == 2)
        #expect(await tool.run(guarded).status == 4, "fenced")
    }
}
