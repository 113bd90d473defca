#if HTTP
import Foundation
import NIOPosix
import StoresCore
import StoresHTTPTesting
import Testing

@testable import StoresHTTP

/// What servers and networks do wrong, against a server that does it.
@Suite struct HTTPServiceTests {
    private static let secret = "key-4711-secret"

    private static func service(_ url: String, maxReplyBytes: Int = 1 << 20) throws -> HTTPService {
        HTTPService(
            HTTPConfiguration(
                endpoint: try HTTPEndpoint(url, variable: "TEST_URL"), system: "Test",
                headers: [("api-key", secret)], secrets: [secret], keyVariable: "TEST_KEY",
                maxRequestBytes: 1 << 20, maxReplyBytes: maxReplyBytes))
    }

    private static func context(_ time: Duration = .seconds(10)) -> CallContext {
        CallContext(deadline: .after(time))
    }

    private static let write = HTTPCall(.post, ["x"], body: Array("{}".utf8), isWrite: true)
    private static let read = HTTPCall(.get, [])

    /// The error of a call against a server with this script.
    private static func error(
        _ steps: [ScriptedServer.Step], to call: HTTPCall = write, within: Duration = .seconds(10),
        maxReplyBytes: Int = 1 << 20
    ) async throws -> StoreError {
        try await ScriptedServer.with({ _ in steps }) { server in
            let service = try service(server.url, maxReplyBytes: maxReplyBytes)
            let error = await #expect(throws: StoreError.self) {
                let reply = try await service.send(call, context: context(within))
                guard reply.isSuccess else {
                    throw HTTPFailure(
                        reply, secrets: service.configuration.secrets, now: Timestamp(millisecondsSinceEpoch: 0)
                    )
                    .storeError(service.configuration, isWrite: call.isWrite)
                }
            }
            await service.shutdown()
            let found = try #require(error)
            #expect(!found.description.contains(secret) && !found.debugDescription.contains(secret))
            return found
        }
    }

    @Test func keysGoIntoHeadersAndBodiesArrive() async throws {
        try await ScriptedServer.with({ _ in [.reply("200 OK", ["X-A: 1"], "{\"ok\":true}")] }) { server in
            let service = try Self.service(server.url)
            for _ in 0..<3 {
                let reply = try await service.send(
                    HTTPCall(.post, ["a/b"], query: [("q", "1 2")], body: Array("{\"x\":1}".utf8)),
                    context: Self.context())
                #expect(reply.status == 200 && reply.body == Array("{\"ok\":true}".utf8) && reply.headers["x-a"] == "1")
            }
            #expect(server.requests.contains("POST /a%2Fb?q=1%202 HTTP/1.1"))
            #expect(server.requests.contains("api-key: \(Self.secret)") && server.requests.contains("{\"x\":1}"))
            await service.shutdown()
            let error = await #expect(throws: StoreError.self) {
                try await service.send(HTTPCall(.get, []), context: Self.context())
            }
            #expect(error?.code == .unavailable && error?.isRetryable == false)
        }
    }

    @Test func aConfigurationDoesNotShowItsKey() throws {
        let configuration = try Self.service("http://h:1").configuration
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(
                !text.contains(Self.secret) && text.contains("h:1") || text == dumped && !text.contains(Self.secret))
        }
    }

    @Test func aSlowHeadAndASlowBodyEndAtTheDeadline() async throws {
        for steps in [[], [ScriptedServer.Step.text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"")]] {
            let start = ContinuousClock.now
            let error = try await Self.error(steps, within: .milliseconds(300))
            #expect(error.code == .timeout && error.applied == .unknown, "\(error)")
            #expect(start.duration(to: .now) < .seconds(3))
        }
        let error = try await Self.error([], to: Self.read, within: .milliseconds(300))
        #expect(error.code == .timeout && error.applied == nil)
    }

    @Test func aServerThatSendsWithoutEndIsCutOff() async throws {
        let chunk = [UInt8](repeating: 0x20, count: 1 << 16)
        let error = try await Self.error(
            [
                .text("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n"), .flood(chunk),
            ], maxReplyBytes: 1 << 20)
        #expect(error.code == .tooLarge && error.applied == .unknown && !error.isRetryable, "\(error)")
        let announced = try await Self.error(
            [.reply("200 OK", [], String(repeating: "x", count: 1001))], maxReplyBytes: 1000)
        #expect(announced.code == .tooLarge, "\(announced)")
    }

    @Test func aRequestThatIsTooLongIsNotSent() async throws {
        let body = [UInt8](repeating: 0x20, count: 1 << 20 + 1)
        let error = try await Self.error(
            [.reply("200 OK")], to: HTTPCall(.post, [], body: body + body, isWrite: true))
        #expect(error.code == .tooLarge && error.applied == .no)
    }

    @Test func aConnectionThatBreaksLeavesAWriteInDoubt() async throws {
        for steps in [
            [ScriptedServer.Step.close],
            [.text("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\""), .close],
            [.text("this is no HTTP\r\n\r\n"), .close],
        ] {
            let error = try await Self.error(steps)
            #expect(error.code == .unavailable && error.applied == .unknown && error.isRetryable, "\(error)")
        }
    }

    @Test func nobodyListensAndNobodyIsThere() async throws {
        let service = try Self.service("http://127.0.0.1:1")
        let refused = await #expect(throws: StoreError.self) {
            try await service.send(HTTPCall(.post, [], isWrite: true), context: Self.context())
        }
        #expect(
            refused?.code == .unavailable && refused?.phase == .tcp && refused?.applied == .no,
            "\(String(describing: refused))")
        await service.shutdown()
        let nowhere = try Self.service("http://no-such-host.invalid:1")
        let unknown = await #expect(throws: StoreError.self) {
            try await nowhere.send(HTTPCall(.get, []), context: Self.context())
        }
        #expect(unknown?.code == .unavailable && unknown?.phase == .dns, "\(String(describing: unknown))")
        await nowhere.shutdown()
    }

    @Test func plainTextWhereTLSIsWantedIsAFailureOfTLS() async throws {
        try await ScriptedServer.with({ _ in [.reply("200 OK")] }) { server in
            let service = try Self.service("https://127.0.0.1:\(server.port)")
            let error = await #expect(throws: StoreError.self) {
                try await service.send(HTTPCall(.get, []), context: Self.context())
            }
            #expect(
                error?.code == .unavailable && error?.phase == .tls && error?.isRetryable == false,
                "\(String(describing: error))")
            await service.shutdown()
        }
    }

    @Test func cancellationEndsACallAtOnce() async throws {
        try await ScriptedServer.with({ _ in [] }) { server in
            let service = try Self.service(server.url)
            let task = Task { () throws(StoreError) -> HTTPReply in
                try await service.send(HTTPCall(.post, [], isWrite: true), context: Self.context(.seconds(60)))
            }
            while server.requests.isEmpty { await Task.yield() }
            let start = ContinuousClock.now
            task.cancel()
            guard case .failure(let error as StoreError) = await task.result else {
                Issue.record("a cancelled call came back")
                return
            }
            #expect(error.code == .cancelled && error.applied == .unknown && start.duration(to: .now) < .seconds(2))
            await service.shutdown()
        }
    }

    @Test func redirectsAreFollowedToTheSameServerAlone() async throws {
        try await ScriptedServer.with({ request in
            request.number == 0
                ? [.reply("307 Temporary Redirect", ["location: /there?x=1"])] : [.reply("200 OK", [], "{}")]
        }) { server in
            let service = try Self.service(server.url)
            let reply = try await service.send(
                HTTPCall(.put, ["here"], body: [], isWrite: true), context: Self.context())
            #expect(reply.status == 200 && server.requests.contains("PUT /there?x=1"))
            await service.shutdown()
        }
        for location in ["http://evil.example/", "//evil.example/", "https://127.0.0.1/"] {
            let error = try await Self.error([.reply("302 Found", ["location: \(location)"])], to: Self.read)
            #expect(error.code == .unavailable && !error.isRetryable, "\(error)")
        }
        // A 302 would turn a write into a read.
        #expect(try await Self.error([.reply("302 Found", ["location: /x"])]).code == .unavailable)
        #expect(
            try await Self.error([.reply("302 Found", ["location: /x"])], to: Self.read).message.contains("three"))
    }

    @Test(arguments: [
        ("400 Bad Request", StoreError.Code.invalidArgument, StoreError.Applied.no, false),
        ("401 Unauthorized", .unauthenticated, .no, false), ("403 Forbidden", .permissionDenied, .no, false),
        ("404 Not Found", .notFound, .no, false), ("409 Conflict", .conflict, .no, false),
        ("413 Content Too Large", .tooLarge, .no, false), ("429 Too Many Requests", .rateLimited, .no, true),
        ("500 Internal Server Error", .internal, .unknown, false),
        ("501 Not Implemented", .unsupported, .unknown, false),
        ("502 Bad Gateway", .unavailable, .unknown, true), ("503 Service Unavailable", .unavailable, .unknown, true),
        ("504 Gateway Timeout", .timeout, .unknown, true), ("507 Insufficient Storage", .unavailable, .unknown, false),
    ])
    func statusesAreErrors(
        status: String, code: StoreError.Code, applied: StoreError.Applied, isRetryable: Bool
    ) async throws {
        let error = try await Self.error([
            .reply(status, ["retry-after: 7"], "<html><body><h1>No</h1> with \(Self.secret)</body></html>")
        ])
        #expect(error.code == code && error.applied == applied && error.isRetryable == isRetryable, "\(error)")
        #expect(error.retryAfter == .seconds(7))
        let failure = try #require(error.underlying as? HTTPFailure)
        #expect(failure.text == "No with ***")
        if code == .unauthenticated { #expect(error.remedy?.contains("TEST_KEY") == true) }
    }

    @Test func errorsAreFoundInEveryShape() {
        func read(_ text: String) -> String {
            let failure = HTTPFailure(
                HTTPReply(status: 400, body: Array(text.utf8)), now: Timestamp(millisecondsSinceEpoch: 0))
            return (failure.kind ?? "-") + "|" + failure.text
        }
        #expect(read("{\"error\":\"NotFoundError\",\"message\":\"gone\"}") == "NotFoundError|gone")
        #expect(read("{\"status\":{\"error\":\"Wrong input: x\"},\"time\":0.1}") == "-|Wrong input: x")
        #expect(
            read("{\"error\":{\"code\":\"ALREADY_EXISTS\",\"message\":\"m\"},\"status\":409}") == "ALREADY_EXISTS|m")
        #expect(read("{\"error\":[{\"message\":\"a\"},{\"message\":\"b\"}]}") == "-|a; b")
        #expect(read("{\"code\":3,\"message\":\"m\",\"details\":[]}") == "3|m")
        #expect(read("{\"detail\":\"d\"}") == "-|d")
        #expect(read("  Payload\n too large ") == "-|Payload too large")
        #expect(read("") == "-|")
        #expect(read("{\"broken\"").hasPrefix("-|{"))
    }

    @Test func aCompressedReplyIsReadAndABombIsNot() async throws {
        // gzip of {"a":1}, and of 4 MiB of spaces.
        let small = try #require(Data(base64Encoded: "H4sIAAAAAAACA6tWSlSyMqwFAK+sG1YHAAAA"))
        try await ScriptedServer.with({ _ in
            [
                .text("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: \(small.count)\r\n\r\n"),
                .send(Array(small)),
            ]
        }) { server in
            let service = try Self.service(server.url)
            let reply = try await service.send(HTTPCall(.get, []), context: Self.context())
            #expect(String(decoding: reply.body, as: UTF8.self) == "{\"a\":1}")
            #expect(server.requests.contains("accept-encoding: gzip"))
            await service.shutdown()
        }
        let bomb = try #require(Data(base64Encoded: Self.bomb))
        let error = try await Self.error(
            [
                .text("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: \(bomb.count)\r\n\r\n"),
                .send(Array(bomb)),
            ], to: Self.read)
        #expect(error.code == .tooLarge, "\(error)")
    }

    private static let bomb =
        "H4sIAAAAAAACA+3BgQAAAADDIJX5Ux7kVQE"
        + String(repeating: "AAAA", count: 1354)
        + "AfBsVPvr8AABAAA=="
}
#endif
