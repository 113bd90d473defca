import CLibPQ
import StoresCore
import Synchronization
import Testing

@testable import StoresPostgres

@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped), .serialized)
struct ConnectionTests {
    private func int(_ rows: PostgresRows) throws -> Int64 { try #require(rows.first).int(0) }

    @Test func manyTasksShareFewConnectionsAndEachGetsItsOwnAnswer() async throws {
        try await TestServer.with { backend in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        for number in 0..<100 {
                            let value = Int64(task * 1000 + number)
                            let rows = try await backend.pool.query(
                                "SELECT $1 + 1", [.int8(value)], .read, deadline: .after(.seconds(10)))
                            try #require(int(rows) == value + 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Reads that fail share their Syncs with reads that do not; writes stand beside them.
    @Test func aFailureHurtsNobodyElse() async throws {
        try await TestServer.with { backend in
            let pool = backend.pool
            let deadline = Deadline.after(.seconds(20))
            try await pool.withConnection(deadline: deadline) { lease throws(StoreError) in
                try await lease.script("CREATE TABLE counted (n bigint)")
            }
            let failed = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<48 {
                    group.addTask {
                        for number in 0..<50 {
                            switch task % 4 {
                            case 0:
                                let error = await TestServer.error {
                                    _ = try await pool.query(
                                        "SELECT 1 / $1", [.int8(0)], .read, deadline: deadline)
                                }
                                try #require(error?.sqlState == "22012")
                                failed.add()
                            case 1:
                                _ = try await pool.query(
                                    "INSERT INTO counted VALUES ($1)", [.int8(1)], .write, deadline: deadline)
                            default:
                                let rows = try await pool.query(
                                    "SELECT 10 / $1", [.int8(Int64(1 + number % 2))], .read, deadline: deadline)
                                try #require(int(rows) == (number % 2 == 0 ? 10 : 5))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(failed.value == 600)
            let count = try await pool.query("SELECT count(*) FROM counted", .read, deadline: deadline)
            #expect(try int(count) == 600)
        }
    }

    @Test func aGroupIsAppliedAsAWholeOrNotAtAll() async throws {
        try await TestServer.with { backend in
            let pool = backend.pool
            let deadline = Deadline.after(.seconds(20))
            let insert = PostgresCommand("INSERT INTO leases VALUES ($1, 1, 1, false)", [.text("a")])
            let error = await TestServer.error {
                _ = try await pool.group(
                    [insert, PostgresCommand("SELECT 1 / $1", [.int8(0)])], .write, deadline: deadline)
            }
            #expect(error?.applied == .no)
            var count = try await pool.query("SELECT count(*) FROM leases", .read, deadline: deadline)
            #expect(try int(count) == 0)
            _ = try await pool.group([insert, PostgresCommand("SELECT 1")], .write, deadline: deadline)
            count = try await pool.query("SELECT count(*) FROM leases", .read, deadline: deadline)
            #expect(try int(count) == 1)
        }
    }

    /// More than the socket takes at once, in both directions, while answers come.
    @Test func valuesLargerThanTheSocketsBuffersPass() async throws {
        try await TestServer.with(poolSize: 2) { backend in
            let large = [UInt8](repeating: 0x61, count: 6 << 20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let rows = try await backend.pool.query(
                            "SELECT $1::bytea", [.bytes(large)], .read, deadline: .after(.seconds(60)))
                        try #require(try rows.first?.bytes(0) == large)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func cancellingATaskReturnsAtOnceAndDisturbsNobody() async throws {
        try await TestServer.with(poolSize: 2) { backend in
            let pool = backend.pool
            let clock = ContinuousClock()
            let start = clock.now
            let slow = Task {
                try await pool.query("SELECT pg_sleep(1)", .write, deadline: .after(.seconds(20)))
            }
            // It is under way.
            try await TestServer.until("the statement runs") {
                try await running(backend, "pg_sleep(1)") == 1
            }
            slow.cancel()
            let error = await TestServer.error { _ = try await slow.value }
            #expect(error?.code == .cancelled && error?.applied == .unknown)
            #expect(clock.now - start < .milliseconds(900))
            // The connection goes on: its answer is thrown away, the next one is not.
            let rows = try await pool.query("SELECT 7::bigint", .read, deadline: .after(.seconds(20)))
            #expect(try int(rows) == 7)
        }
    }

    /// Statements that run now with this text, as a second connection sees them.
    private func running(_ backend: PostgresBackend, _ text: String) async throws -> Int64 {
        let rows = try await backend.pool.withConnection(deadline: .after(.seconds(10))) { lease throws(StoreError) in
            try await lease.query(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE state = 'active' AND query LIKE '%' || $1 || '%' AND pid <> pg_backend_pid()
                """, [.text(text)])
        }
        return try int(rows)
    }

    @Test func aDeadlineEndsTheWaitAndThenTheStatement() async throws {
        try await TestServer.with(poolSize: 4) { backend in
            let start = ContinuousClock.now
            let error = await TestServer.error {
                _ = try await backend.pool.query("SELECT pg_sleep(330)", .write, deadline: .after(.milliseconds(300)))
            }
            #expect(error?.code == .timeout && error?.applied == .unknown)
            #expect(ContinuousClock.now - start < .seconds(2))
            try await TestServer.until("the server ends it") { try await running(backend, "pg_sleep(330)") == 0 }
        }
    }

    @Test func aCancelledLeaseStopsItsStatementOnTheServer() async throws {
        try await TestServer.with(poolSize: 4) { backend in
            let task = Task {
                try await backend.pool.transaction(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                    try await lease.query("SELECT pg_sleep(341)").count
                }
            }
            try await TestServer.until("it runs") { try await running(backend, "pg_sleep(341)") == 1 }
            task.cancel()
            let error = await TestServer.error { _ = try await task.value }
            #expect(error?.code == .cancelled && error?.applied == .no)
            try await TestServer.until("it ends") { try await running(backend, "pg_sleep(341)") == 0 }
        }
    }

    @Test func aTransactionIsRolledBackWhenItsBodyThrows() async throws {
        try await TestServer.with { backend in
            let pool = backend.pool
            let insert = "INSERT INTO leases VALUES ($1, 1, 1, false)"
            let error = await TestServer.error {
                try await pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                    _ = try await lease.query(insert, [.text("a")])
                    throw StoreError.invalidArgument("enough")
                }
            }
            #expect(error?.code == .invalidArgument)
            // A failure that the body keeps to itself is none of a commit.
            let swallowed = await TestServer.error {
                try await pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                    _ = try await lease.query(insert, [.text("b")])
                    _ = try? await lease.query("SELECT 1 / $1", [.int8(0)])
                }
            }
            #expect(swallowed?.applied == .no)
            try await pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                _ = try await lease.query(insert, [.text("c")])
            }
            let rows = try await pool.query("SELECT key FROM leases", .read, deadline: .after(.seconds(20)))
            #expect(try rows.map { try $0.text(0) } == ["c"])
        }
    }

    @Test func aThousandTasksGetTheirTurnOnFewLeases() async throws {
        try await TestServer.with(poolSize: 4) { backend in
            let served = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<1000 {
                    group.addTask {
                        let rows = try await backend.pool.withConnection(deadline: .after(.seconds(60))) {
                            lease throws(StoreError) in try await lease.query("SELECT 1::bigint")
                        }
                        try #require(int(rows) == 1)
                        served.add()
                    }
                }
                try await group.waitForAll()
            }
            #expect(served.value == 1000)
        }
    }

    @Test func whoWaitsForALeaseWaitsNoLongerThanHisDeadline() async throws {
        try await TestServer.with(poolSize: 2) { backend in
            let pool = backend.pool
            try await pool.withConnection(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                let start = ContinuousClock.now
                do throws(StoreError) {
                    try await pool.withConnection(deadline: .after(.milliseconds(100))) { _ throws(StoreError) in }
                    Issue.record("there is only one lease")
                } catch {
                    #expect(error.code == .timeout && error.applied == .no)
                }
                #expect(ContinuousClock.now - start < .seconds(2))
                _ = try await lease.query("SELECT 1")
            }
        }
    }

    @Test func copyTakesManyRowsAndAnErrorLeavesTheConnectionUsable() async throws {
        try await TestServer.with { backend in
            let pool = backend.pool
            let types = pool.types
            let sql = "COPY leases (key, generation, expires_at, is_released) FROM STDIN (FORMAT binary)"
            let count = try await pool.withConnection(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                let rows = CopySource(types: types, count: 20_000)
                return try await lease.copyIn(sql) { () throws(StoreError) in try rows.next() }
            }
            #expect(count == 20_000)
            try await pool.withConnection(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                let again = CopySource(types: types, count: 10)
                do throws(StoreError) {
                    _ = try await lease.copyIn(sql) { () throws(StoreError) in try again.next() }
                    Issue.record("the keys are there already")
                } catch {
                    #expect(error.code == .alreadyExists && error.applied == .no)
                }
                let rows = try await lease.query("SELECT count(*) FROM leases")
                #expect(try rows.first?.int(0) == 20_000)
            }
        }
    }

    @Test func libpqsOwnHandleIsThere() async throws {
        try await TestServer.with { backend in
            let pool = try #require(backend.native as? PostgresPool)
            let table = try await pool.withPGconn(deadline: .after(.seconds(10))) { connection -> String? in
                let result = PQexec(connection, "SELECT 'sessions'::regclass::text")
                defer { PQclear(result) }
                return PQgetvalue(result, 0, 0).map { String(cString: $0) }
            }
            #expect(table == "sessions")
        }
    }

    private final class CopySource: Sendable {
        private let state: Mutex<(writer: PostgresCopyWriter, row: Int, isDone: Bool)>
        private let count: Int

        init(types: PostgresTypes, count: Int) {
            state = Mutex((PostgresCopyWriter(types: types, columns: 4), 0, false))
            self.count = count
        }

        func next() throws(StoreError) -> [UInt8]? {
            try state.withLock { state throws(StoreError) in
                if state.isDone { return nil }
                while state.row < count, state.writer.count < 65_536 {
                    try state.writer.row([.text("key \(state.row)"), .int8(1), .int8(2), .bool(false)])
                    state.row += 1
                }
                state.isDone = state.row == count
                return state.isDone ? state.writer.finish() : state.writer.take()
            }
        }
    }
}
