import Foundation
import StoresCore
import Testing

@testable import StoresPostgres

/// Another client, in another language, reads what was written: psycopg, from PyPI.
@Suite(
    .enabled(if: TestServer.url != nil, TestServer.skipped),
    .enabled(if: PythonClient.python != nil, "TEST_PYTHON names no Python with psycopg: scripts/test StoresPostgres"))
struct IndependentTests {
    @Test func psycopgReadsSessionsAndEvents() async throws {
        try await TestServer.with { backend in
            let context = TestServer.context()
            let session = PostgresSessionDriver(backend: backend)
            _ = try await session.set(
                [SessionWrite(key: "user/é", value: SessionValue("välue"), expiry: .after(.seconds(60)))],
                context: context)
            _ = try await session.increment("hits", by: 41, expiry: .never, context: context)
            _ = try await session.append(
                [[1, 2], [0, 255]], to: "list", keepLast: 10, expiry: .never, context: context)
            let events = PostgresEventDriver(backend: backend)
            _ = try await events.append(
                [NewEvent(id: "a", type: "made", data: [0, 1, 2], metadata: ["who": "ada"])], to: "order-7",
                expected: .noStream, context: context)
            let found = try await PythonClient.ask(
                """
                with connection.cursor() as c:
                    c.execute("SELECT key, kind, value, number, elements FROM sessions ORDER BY key")
                    rows = [[k, n, v and v.hex(), i, e and [x.hex() for x in e]] for k, n, v, i, e in c]
                    c.execute("SELECT stream, revision, id, type, metadata, data, transaction::text FROM events")
                    events = [[s, r, i, t, m, d.hex(), int(x) > 0] for s, r, i, t, m, d, x in c]
                print(json.dumps([rows, events], ensure_ascii=True, sort_keys=True))
                """, schema: backend.pool.schema)
            let wanted =
                #"[[["hits", 1, null, 41, null], ["list", 2, null, null, ["0102", "00ff"]], "#
                + #"["user/\u00e9", 0, "76c3a46c7565", null, null]], "#
                + #"[["order-7", 0, "a", "made", {"who": "ada"}, "000102", true]]]"#
            #expect(found == wanted)
        }
    }
}

enum PythonClient {
    static let python = ProcessInfo.processInfo.environment["TEST_PYTHON"]

    /// Runs lines of Python with `connection` and `json`; what they print.
    static func ask(_ lines: String, schema: String) async throws -> String {
        let program = """
            import json, psycopg, sys
            connection = psycopg.connect(sys.argv[1], options="-c search_path=" + sys.argv[2])
            \(lines)
            """
        let process = Process()
        process.executableURL = URL(filePath: try #require(python))
        process.arguments = ["-c", program, try #require(TestServer.url), schema]
        let output = Pipe()
        process.standardOutput = output
        let status = try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        try #require(status == 0)
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        return text.trimmingCharacters(in: .newlines)
    }
}
