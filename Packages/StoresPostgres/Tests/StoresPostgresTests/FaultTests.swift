import Foundation
import StoresCore
import Synchronization
import Testing

@testable import StoresPostgres

/// The server, or the way to it, goes away in the middle.
@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped), .serialized)
struct FaultTests {
    /// What other sessions of this application there are, ended as an administrator does it.
    private func terminateOthers(_ admin: PostgresBackend, _ name: String) async throws -> Int64 {
        let rows = try await admin.pool.query(
            """
            SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = $1
            """, [.text(name)], .write, deadline: .after(.seconds(10)))
        return try #require(rows.first).int(0)
    }

    @Test func aStatementOfATerminatedSessionIsUnknownAndTheNextOneWorks() async throws {
        try await TestServer.with { admin in
            let name = "victim-\(UUID().uuidString)"
            let victim = try TestServer.backend(schema: admin.pool.schema) {
                $0.parameters["application_name"] = name
            }
            try await victim.start(context: TestServer.context())
            let writing = Task {
                try await victim.pool.query("SELECT pg_sleep(31)", .write, deadline: .after(.seconds(60)))
            }
            try await TestServer.until("it runs") {
                let rows = try await admin.pool.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND query LIKE '%pg_sleep(31)%'",
                    [.text(name)], .read, deadline: .after(.seconds(10)))
                return try rows.first?.int(0) == 1
            }
            #expect(try await terminateOthers(admin, name) >= 1)
            let error = await TestServer.error { _ = try await writing.value }
            #expect(error?.code == .unavailable && error?.applied == .unknown)
            #expect(error?.sqlState == "57P01")
            let rows = try await victim.pool.query("SELECT 5::bigint", .read, deadline: .after(.seconds(10)))
            #expect(try rows.first?.int(0) == 5)
            await victim.shutdown()
        }
    }

    /// Whose task waits for its own answers watches the connection itself: its end is seen before the next call is
    /// sent.
    @Test func aLoneWriteAfterTheSessionsEndGoesToAnother() async throws {
        try await TestServer.with { admin in
            let name = "victim-\(UUID().uuidString)"
            let victim = try TestServer.backend(schema: admin.pool.schema) {
                $0.parameters["application_name"] = name
            }
            try await victim.start(context: TestServer.context())
            for _ in 0..<20 {
                for _ in 0..<20 {
                    _ = try await victim.pool.query("SELECT 1", .read, deadline: .after(.seconds(10)))
                }
                #expect(try await terminateOthers(admin, name) >= 1)
                try await TestServer.until("they are gone") {
                    let rows = try await admin.pool.query(
                        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", [.text(name)], .read,
                        deadline: .after(.seconds(10)))
                    return try rows.first?.int(0) == 0
                }
                let rows = try await victim.pool.query("SELECT 5::bigint", .write, deadline: .after(.seconds(10)))
                #expect(try rows.first?.int(0) == 5)
            }
            await victim.shutdown()
        }
    }

    /// Sessions end again and again under load: no task hangs, no acknowledged append is lost, none is there twice.
    @Test func sessionsThatEndUnderLoadLoseNothing() async throws {
        try await TestServer.with { admin in
            let name = "victim-\(UUID().uuidString)"
            let victim = try TestServer.backend(schema: admin.pool.schema) {
                $0.parameters["application_name"] = name
            }
            try await victim.start(context: TestServer.context())
            let load = Load(victim)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await load.run(tasks: 16, until: { load.acknowledged > 1500 }) }
                group.addTask {
                    var ended: Int64 = 0
                    while load.acknowledged <= 1500 {
                        try Task.checkCancellation()
                        ended += try await terminateOthers(admin, name)
                        // So that something gets done in between.
                        let before = load.acknowledged
                        try await TestServer.until("appends go on") {
                            load.acknowledged > min(before + 20, 1500)
                        }
                    }
                    #expect(ended > 0)
                }
                try await group.waitForAll()
            }
            try await load.check(PostgresEventDriver(backend: admin))
            await victim.shutdown()
        }
    }

    /// With `scripts/test` the server is this package's own and may be killed.
    @Test(.enabled(if: ServerProcess.services != nil, "BACKEND_SERVICES is not set: scripts/test StoresPostgres"))
    func aServerThatIsKilledTwentyTimesUnderLoadLosesNothing() async throws {
        try await TestServer.with { backend in
            let load = Load(backend)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let rounds = Counter()
                group.addTask {
                    try await load.run(tasks: 16, until: { rounds.value >= 20 })
                }
                group.addTask {
                    // Also when a round fails, or the load would never end.
                    defer { rounds.add(20) }
                    for _ in 0..<20 {
                        let before = load.acknowledged
                        try await TestServer.until("appends go on") { load.acknowledged > before + 50 }
                        try #require(try await ServerProcess.run("kill") == 0)
                        // The killed process may be there for a moment still, as nobody's child, and forbid a new one.
                        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
                        while try await ServerProcess.run("start") != 0 { try #require(ContinuousClock.now < deadline) }
                    }
                }
                try await group.waitForAll()
            }
            try await load.check(PostgresEventDriver(backend: backend))
        }
    }

    /// Tasks that append, each to a stream of its own, and repeat what failed with the same events.
    private final class Load: Sendable {
        private let driver: PostgresEventDriver
        private let count = Counter()
        private let streams = Mutex<[String: [AppendResult]]>([:])

        init(_ backend: PostgresBackend) { driver = PostgresEventDriver(backend: backend) }

        var acknowledged: Int { count.value }

        func run(tasks: Int, until isOver: @escaping @Sendable () -> Bool) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<tasks { group.addTask { try await self.append(to: "s\(task)", until: isOver) } }
                try await group.waitForAll()
            }
        }

        private func append(to stream: String, until isOver: () -> Bool) async throws {
            var number = 0
            while !isOver() {
                let event = NewEvent(id: "\(number)", type: "t", data: Array("\(number)".utf8))
                let expected: ExpectedRevision = number == 0 ? .noStream : .exact(Int64(number - 1))
                let giveUp = ContinuousClock.now.advanced(by: .seconds(90))
                while true {
                    let outcome = await attempt(event, stream, expected)
                    if case .success(let result) = outcome {
                        streams.withLock { $0[stream, default: []].append(result) }
                        break
                    }
                    // Only what a vanished server explains, and only for so long.
                    guard case .failure(let error) = outcome else { break }
                    try #require(error.isRetryable, "\(String(reflecting: error))")
                    try #require(ContinuousClock.now < giveUp)
                    try await Task.sleep(for: .milliseconds(10))
                }
                number += 1
                count.add()
            }
        }

        private func attempt(_ event: NewEvent, _ stream: String, _ expected: ExpectedRevision) async
            -> Result<AppendResult, StoreError>
        {
            do throws(StoreError) {
                return .success(
                    try await driver.append(
                        [event], to: stream, expected: expected, context: TestServer.context(.seconds(10))))
            } catch {
                return .failure(error)
            }
        }

        func check(_ driver: PostgresEventDriver) async throws {
            for (stream, results) in streams.withLock({ $0 }) {
                let slice = try await driver.read(
                    stream, from: nil, direction: .forward, limit: 100_000, context: TestServer.context(.seconds(30)))
                // What was under way when the load ended may be there as well.
                let kept = slice.events.prefix(results.count)
                #expect(kept.map(\.position) == results.map(\.position))
                #expect(slice.events.map(\.id) == (0..<slice.events.count).map(String.init))
                #expect(slice.events.count <= results.count + 1)
            }
        }
    }
}

/// The server of this run, when it is the tests' own.
enum ServerProcess {
    static let services = ProcessInfo.processInfo.environment["BACKEND_SERVICES"]

    /// - Returns: The exit code.
    @discardableResult
    static func run(_ verb: String, _ server: String = "postgres") async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: try #require(services))
        process.arguments = [verb, server]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}
