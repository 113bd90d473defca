import StoresCore
import Testing

@testable import StoresCommand

@Suite struct EventVerbTests {
    static let events = """
        {"id":"1","type":"opened","data":{"n":1},"metadata":{"by":"ada"}}
        {"id":"2","type":"closed","text":"plain"}
        {"id":"3","type":"raw","dataBase64":"/wA="}
        """

    @Test func appendsReadsAndTails() async throws {
        let tool = try Tool()
        let first = await tool.run("event", "append", "s", "--expect", "no-stream", input: Self.events)
        #expect(first.status == 0, "\(first.errors)")
        #expect(try first.object()["lastRevision"] == 2)
        let again = try await tool.run("event", "append", "s", "--expect", "no-stream", input: Self.events).object()
        #expect(again["deduplicated"] == true && again["lastRevision"] == 2)
        let stale = await tool.run(
            "event", "append", "s", "--expect", "0", "--json-errors", input: #"{"id":"9","type":"t"}"#)
        #expect(stale.status == 4)
        #expect(try stale.error()["conflict"] == ["kind": "revision", "expected": "0", "actual": 2])

        let read = try await tool.run("event", "read", "s").values()
        #expect(read.map { $0["text"] ?? $0["dataBase64"] } == [#"{"n":1}"#, "plain", "/wA="])
        #expect(read[0]["metadata"] == ["by": "ada"])
        #expect(try await tool.run("event", "read", "s", "--backward", "--limit", "1").values().first?["id"] == "3")
        #expect(await tool.run("event", "read", "none").status == 3)

        let all = try await tool.run("event", "read-all").values()
        #expect(all == read)
        guard case .string(let position) = all[0]["position"] else { throw StoreError(.internal, "no position") }
        #expect(try await tool.run("event", "read-all", "--after", position).values().count == 2)
        #expect(try await tool.run("event", "head").object()["position"] == all[2]["position"])
        let tailed = try await tool.run("event", "tail", "--from", "start", "--until-caught-up").values()
        #expect(tailed == read)
        // What was read can be appended elsewhere.
        let copy = await tool.run(
            "event", "append", "copy", "--expect", "any", input: read.map(\.json).joined(separator: "\n"))
        #expect(copy.status == 0, "\(copy.errors)")
        #expect(try await tool.run("event", "delete-stream", "s", "--confirm", "s").object() == ["deleted": true])
        #expect(try await tool.run("event", "read-all").values().count == 3)
    }

    @Test func manyEventsAreAppendedInTurnAndNobodyComesBetween() async throws {
        let tool = try Tool()
        let lines = (0..<7).map { #"{"id":"\#($0)","type":"t"}"# }.joined(separator: "\n")
        let results = try await tool.run("event", "append", "s", "--expect", "no-stream", "--batch", "3", input: lines)
            .values()
        #expect(results.map { $0["lastRevision"] } == [2, 5, 6])
    }

    @Test func eventsOfManyBytesAreOneAppend() async throws {
        let tool = try Tool()
        let text = String(repeating: "x", count: 900_000)
        let lines = (0..<10).map { #"{"id":"\#($0)","type":"t","text":"\#(text)"}"# }.joined(separator: "\n")
        let results = try await tool.run("event", "append", "s", "--expect", "no-stream", input: lines).values()
        #expect(results.map { $0["count"] } == [10])
    }

    @Test func runsAreFencedAndListed() async throws {
        let tool = try Tool()
        #expect(try await tool.run("event", "run", "lease", "acquire", "r", "--ttl", "1h").object()["generation"] == 1)
        let save = ["event", "run", "save", "r", "--status", "running", "--json", "{}", "--generation", "1"]
        #expect(await tool.run(save).status == 0)
        #expect(await tool.run(save + ["--if-version", "0"]).status == 4)
        #expect(await tool.run("event", "run", "lease", "acquire", "r", "--ttl", "1h").status == 4)
        _ = await tool.run("event", "run", "lease", "release", "r", "--generation", "1")
        _ = await tool.run("event", "run", "lease", "acquire", "r", "--ttl", "1h")
        #expect(await tool.run(save).status == 4, "fenced")
        let loaded = try await tool.run("event", "run", "load", "r").object()
        #expect(loaded["text"] == "{}" && loaded["version"] == 1 && loaded["status"] == "running")
        #expect(try await tool.run("event", "run", "list", "--status", "running").values().count == 1)
        #expect(try await tool.run("event", "run", "delete", "r").object() == ["deleted": true])
        #expect(await tool.run("event", "run", "load", "r").status == 3)
    }

    @Test func snapshotsAreFoundByRevision() async throws {
        let tool = try Tool()
        for revision in ["1", "5"] {
            _ = await tool.run("event", "snapshot", "save", "s", "--revision", revision, "--text", "at \(revision)")
        }
        #expect(try await tool.run("event", "snapshot", "load", "s").object()["text"] == "at 5")
        let older = await tool.run("event", "snapshot", "load", "s", "--at-or-before", "4")
        #expect(try older.object() == ["stream": "s", "revision": 1, "text": "at 1"])
        #expect(try await tool.run("event", "snapshot", "delete", "s", "--before", "5").object() == ["deleted": 1])
        #expect(await tool.run("event", "snapshot", "load", "s", "--at-or-before", "4").status == 3)
    }
}
