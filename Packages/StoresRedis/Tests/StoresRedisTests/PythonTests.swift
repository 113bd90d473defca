import Foundation
import StoresCore
import Testing

/// redis-py reads what was written, without knowing this library, and writes nothing.
@Suite(
    .needsServer,
    .enabled(if: ProcessInfo.processInfo.environment["TEST_PYTHON"] != nil, "TEST_PYTHON names no Python with redis-py")
)
struct PythonTests {
    private static let program = """
        import json, sys, redis
        url, prefix = sys.argv[1], sys.argv[2]
        server = redis.Redis.from_url(url)
        raw = server.get(f"{prefix}s:{{user}}/42")
        head, length = raw[:43].decode(), int(raw[39:42])
        events = server.xrange(f"{prefix}{{{prefix}events}}:s:orders")
        index = server.xrange(f"{prefix}{{{prefix}events}}:i")
        print(json.dumps({
            "etag": head[3:18], "expires": int(head[19:38]), "type": raw[43:43 + length].decode(),
            "value": list(raw[43 + length:]), "ttl": server.pttl(f"{prefix}s:{{user}}/42"),
            "counter": int(server.hget(f"{prefix}s:{{user}}/count", "n")),
            "list": [list(element) for element in server.lrange(f"{prefix}s:{{user}}/list", 1, -1)],
            "lease": int(server.hget(f"{prefix}l:{{user}}/lock", "g")),
            "events": [[key.decode(), fields[b"i"].decode(), fields[b"t"].decode(), fields[b"d"].decode(),
                        fields.get(b"m:cause", b"").decode()] for key, fields in events],
            "index": [[fields[b"s"].decode(), int(fields[b"r"])] for _, fields in index],
            "run": {key.decode(): value.decode() for key, value in
                    server.hgetall(f"{prefix}{{{prefix}events}}:r:job").items()},
        }))
        """

    private struct Found: Decodable, Equatable {
        var etag: String
        var expires: Int64
        var type: String
        var value: [UInt8]
        var ttl: Int64
        var counter: Int
        var list: [[UInt8]]
        var lease: Int64
        var events: [[String]]
        var index: [[Value]]
        var run: [String: String]

        enum Value: Decodable, Equatable {
            case text(String)
            case number(Int)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    self = .number(number)
                } else {
                    self = .text(try container.decode(String.self))
                }
            }
        }
    }

    @Test(arguments: TestServer.all)
    func reads(_ server: TestServer) async throws {
        let prefix = "test-\(UUID().uuidString):"
        try await server.withStores(prefix: prefix) { stores in
            let bytes: [UInt8] = [0, 255, 13, 10, 32]
            let receipt = try await stores.session.set(
                "user/42", SessionValue(bytes: bytes, contentType: "a/b; c=é"), expiry: .after(.seconds(600)),
                condition: .ifAbsent)
            try await stores.session.increment("user/count", by: 42, expiry: .never)
            try await stores.session.append([[1], [], [0, 255]], to: "user/list", keepLast: 9, expiry: .never)
            let lease = try #require(try await stores.session.acquireLease("user/lock", ttl: .seconds(5)))
            try await stores.event.append(
                [
                    NewEvent(id: "a", type: "made", data: Array("{}".utf8), metadata: ["cause": "é"]),
                    NewEvent(id: "b", type: "sent", data: Array("x".utf8)),
                ], to: "orders", expected: .noStream)
            try await stores.event.saveRun("job", status: "running", state: Array("s".utf8), ifVersion: 0)
            let found = try read(server, prefix)
            #expect(found.etag == receipt.etag && found.expires == receipt.expiresAt?.millisecondsSinceEpoch)
            #expect(found.type == "a/b; c=é" && found.value == bytes)
            #expect((590_000...600_000).contains(found.ttl))
            #expect(found.counter == 42 && found.list == [[1], [], [0, 255]] && found.lease == lease.generation)
            #expect(found.events == [["1-0", "a", "made", "{}", "é"], ["2-0", "b", "sent", "x", ""]])
            #expect(found.index == [[.text("orders"), .number(0)], [.text("orders"), .number(1)]])
            #expect(found.run["v"] == "1" && found.run["s"] == "running" && found.run["d"] == "s")
        }
    }

    private func read(_ server: TestServer, _ prefix: String) throws -> Found {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["TEST_PYTHON"] ?? "")
        process.arguments = ["-c", Self.program, server.url, prefix]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode(Found.self, from: data)
    }
}
