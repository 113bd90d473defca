import CLibPQ
import StoresCore
import Testing

@testable import StoresPostgres

/// What one call does to the others, and what others, the server's settings or the environment do to a call.
@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped), .serialized)
struct IsolationTests {
    @Test func anAppendThatMeetsADeletionIsNotLost() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            let context = TestServer.context()
            try await backend.pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                let deletion = PostgresEventDriver.deletion(of: "s")
                // Finds no stream, and so locks none.
                _ = try await lease.group([deletion[0]])
                _ = try await driver.append(
                    [NewEvent(id: "1", type: "t")], to: "s", expected: .noStream, context: context)
                _ = try await lease.group(Array(deletion.dropFirst()))
            }
            let slice = try await driver.read("s", from: nil, direction: .forward, limit: 9, context: context)
            #expect(slice.events.map(\.id) == ["1"] && slice.lastRevision == 0)
            #expect(try await driver.deleteStream("s", context: context))
            let after = try await driver.read("s", from: nil, direction: .forward, limit: 9, context: context)
            #expect(!after.exists)
            let rows = try await backend.pool.query("SELECT count(*) FROM events", .read, deadline: context.deadline)
            #expect(try rows.first?.int(0) == 0)
        }
    }

    /// A statement that nobody waits for any more keeps the server busy: others are not sent after it.
    @Test func anAbandonedStatementHoldsNobodyUp() async throws {
        try await TestServer.with(poolSize: 4) { backend in
            let admin = try TestServer.backend(schemaMode: .off)
            let slow = Task {
                try await backend.pool.query("SELECT pg_sleep(5)", .write, deadline: .after(.seconds(60)))
            }
            try await TestServer.until("it runs") {
                let rows = try await admin.pool.query(
                    "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(5)' AND state = 'active'",
                    .read, deadline: .after(.seconds(20)))
                return try rows.first?.int(0) == 1
            }
            await admin.shutdown()
            slow.cancel()
            _ = await TestServer.error { _ = try await slow.value }
            // What counts as slow is longer than a moment.
            try await Task.sleep(for: .milliseconds(60))
            let start = ContinuousClock.now
            for _ in 0..<20 {
                _ = try await backend.pool.query("SELECT 1", .read, deadline: .after(.seconds(2)))
            }
            #expect(ContinuousClock.now - start < .seconds(3))
        }
    }

    /// In one batch with an append that waits for a lock for long, and has the time.
    @Test func anAppendEndsAtItsOwnDeadline() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            try await backend.pool.transaction(deadline: .after(.seconds(30))) { lease throws(StoreError) in
                _ = try await lease.query("INSERT INTO streams VALUES ('x', 0, pg_current_xact_id(), -3)")
                let ended = await withTaskGroup(of: (String, StoreError?).self) { group in
                    // Two take the places of batches, and what follows is gathered.
                    for (stream, seconds) in [("x", 6), ("x", 6), ("x", 6), ("y", 1), ("z", 1), ("w", 1)] {
                        group.addTask {
                            let error = await TestServer.error {
                                _ = try await driver.append(
                                    [NewEvent(id: "\(stream)", type: "t")], to: stream, expected: .any,
                                    context: TestServer.context(.seconds(seconds)))
                            }
                            return (stream, error)
                        }
                    }
                    let start = ContinuousClock.now
                    var early = 0
                    for await (stream, error) in group where stream != "x" {
                        if ContinuousClock.now - start < .seconds(3), error == nil || error?.code == .timeout {
                            early += 1
                        }
                    }
                    return early
                }
                guard ended == 3 else { throw StoreError(.internal, "\(ended) of 3 ended in time") }
            }
        }
    }

    /// S8: the key that must not be there is held until the commit, also against plain writes.
    @Test func aConditionOfAbsenceHoldsAtTheCommit() async throws {
        try await TestServer.with { backend in
            let driver = PostgresSessionDriver(backend: backend)
            for round in 0..<40 {
                let (freeze, balance) = ("freeze\(round)", "balance\(round)")
                async let transaction = TestServer.error {
                    _ = try await driver.transact(
                        [
                            .check(key: freeze, condition: .ifAbsent),
                            .set(SessionWrite(key: balance, value: SessionValue("1"))),
                        ], context: TestServer.context())
                }
                let written = try await driver.set(
                    [SessionWrite(key: freeze, value: SessionValue("f"))], context: TestServer.context())
                _ = try written[0].get()
                // Acknowledged: from here on no such transaction commits.
                let before = try await driver.get([balance], context: TestServer.context())
                let error = await transaction
                let after = try await driver.get([balance], context: TestServer.context())
                #expect(before[0]?.value == after[0]?.value)
                #expect(error == nil || error?.code == .conflict)
                #expect(try await driver.get([freeze], context: TestServer.context())[0]?.value == SessionValue("f"))
            }
        }
    }

    @Test func aReservationIsSeenByNobody() async throws {
        try await TestServer.with { backend in
            let driver = PostgresSessionDriver(backend: backend)
            let context = TestServer.context()
            let outcomes = try await driver.transact(
                [
                    .check(key: "a", condition: .ifAbsent), .set(SessionWrite(key: "b", value: SessionValue("1"))),
                    .check(key: "c", condition: .ifAbsent), .set(SessionWrite(key: "c", value: SessionValue("2"))),
                ], context: context)
            #expect(outcomes.count == 4 && outcomes[0] == .checked)
            #expect(try await driver.get(["a"], context: context)[0] == nil)
            #expect(try await driver.get(["c"], context: context)[0]?.value == SessionValue("2"))
            #expect(try await driver.scan(prefix: nil, cursor: nil, limit: .max, context: context).items == ["b", "c"])
            let made = try await driver.set(
                [SessionWrite(key: "a", value: SessionValue("3"), condition: .ifAbsent)], context: context)
            #expect(throws: Never.self) { try made[0].get() }
        }
    }

    /// A server whose count of transactions went back says so, instead of hiding what is written from now on.
    @Test func aPositionFromTheFutureIsRefused() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            let context = TestServer.context()
            _ = try await driver.append([NewEvent(id: "1", type: "t")], to: "s", expected: .noStream, context: context)
            try await TestServer.until("it is settled") {
                try await driver.readAll(after: nil, limit: 9, context: context).events.count == 1
            }
            let last = try await driver.head(context: context)
            #expect(try await driver.readAll(after: last, limit: .max, context: context).events.isEmpty)
            let future = PostgresPosition(transaction: 1 << 60, sequence: 1).position
            let error = await TestServer.error {
                _ = try await driver.readAll(after: future, limit: 9, context: context)
            }
            #expect(error?.code == .preconditionFailed && error?.isRetryable == false && error?.remedy != nil)
        }
    }

    /// E6's price, where it can be seen: what is committed and held back.
    @Test func theLagOfALongTransactionIsTold() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            let context = TestServer.context(.seconds(60))
            #expect(try await driver.lag(context: context) == .zero)
            try await backend.pool.transaction(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                _ = try await lease.query("INSERT INTO leases VALUES ('long', 1, 1, false)")
                _ = try await driver.append([NewEvent(id: "1", type: "t")], to: "s", expected: .any, context: context)
                var lag = Duration.zero
                let end = ContinuousClock.now.advanced(by: .seconds(30))
                while lag < .milliseconds(1500), ContinuousClock.now < end {
                    lag = try await driver.lag(context: context)
                }
                guard lag >= .milliseconds(1500) else { throw StoreError(.internal, "the lag is \(lag)") }
                let status = try await backend.ping(context: context)
                guard status.details["event lag"]?.hasPrefix("1 s") == true,
                    status.details["oldest writing transaction"] != nil
                else { throw StoreError(.internal, "ping says \(status.details)") }
            }
            try await TestServer.until("nothing is held back") { try await driver.lag(context: context) == .zero }
            #expect(try await backend.ping(context: context).details["event lag"] == nil)
        }
    }

    @Test func settingsOfTheRoleOrTheURLDoNotCount() async throws {
        let backend = try TestServer.backend {
            $0.parameters["options"] =
                "-c default_transaction_isolation=serializable -c standard_conforming_strings=off "
                + "-c extra_float_digits=0 -c search_path=public"
        }
        try await backend.start(context: TestServer.context())
        let names = ["transaction_isolation", "standard_conforming_strings", "extra_float_digits", "search_path"]
        let rows = try await backend.pool.query(
            "SELECT current_setting(n) FROM unnest($1::text[]) WITH ORDINALITY AS t (n, i) ORDER BY i",
            [.textArray(names)], .read, deadline: .after(.seconds(9)))
        let found = try rows.map { try $0.text(0) }
        #expect(found.prefix(3) == ["read committed", "on", "1"])
        #expect(found.last?.contains(backend.pool.schema) == true)
        await TestServer.drop(backend)
    }

    @Test func aHandedOutConnectionHasNoTimeLimitOfAnother() async throws {
        try await TestServer.with(poolSize: 2) { backend in
            try await backend.pool.transaction(deadline: .after(.milliseconds(900))) { lease throws(StoreError) in
                _ = try await lease.query("SELECT 1")
            }
            let limit = try await backend.pool.withPGconn(deadline: .after(.seconds(9))) { connection in
                let result = PQexec(connection, "SHOW statement_timeout")
                defer { PQclear(result) }
                return String(cString: PQgetvalue(result, 0, 0))
            }
            #expect(limit == "0")
        }
    }
}
