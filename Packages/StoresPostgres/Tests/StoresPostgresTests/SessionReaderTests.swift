import StoresCore
import Testing

@testable import StoresPostgres

/// Reads of many tasks that share a statement: each has its own answer.
@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped))
struct SessionReaderTests {
    @Test func eachReadHasItsOwnAnswer() async throws {
        try await TestServer.with([.session]) { backend in
            let driver = PostgresSessionDriver(backend: backend)
            let context = TestServer.context(.seconds(60))
            let now = context.now
            let writes = (0..<50).map {
                SessionWrite(key: "k\($0)", value: SessionValue("v\($0)"), expiry: .after(.seconds(60)))
            }
            for result in try await driver.set(writes, context: context) { _ = try result.get() }
            _ = try await driver.append([[1]], to: "list", keepLast: 9, expiry: .never, context: context)
            let late = CallContext(
                deadline: context.deadline, clock: ManualStoreClock(start: now.advanced(by: .seconds(120))))

            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<200 {
                    group.addTask {
                        for turn in 0..<20 {
                            let number = (task + turn * 7) % 50
                            switch (task + turn) % 5 {
                            case 0: #expect(try await driver.get(["none\(task)"], context: context) == [nil])
                            case 1: #expect(try await driver.get(["k\(number)"], context: late) == [nil])
                            case 2:
                                let error = await TestServer.error {
                                    _ = try await driver.get(["list"], context: context)
                                }
                                #expect(error?.code == .preconditionFailed && error?.resource == "list")
                            default:
                                let entry = try await driver.get(["k\(number)"], context: context)[0]
                                #expect(entry?.value == SessionValue("v\(number)"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// The batch is nobody's: who leaves it takes nobody along.
    @Test func aReadThatIsCancelledDisturbsNoOther() async throws {
        try await TestServer.with([.session]) { backend in
            let driver = PostgresSessionDriver(backend: backend)
            let context = TestServer.context(.seconds(60))
            let write = SessionWrite(key: "k", value: SessionValue("v"), expiry: .never)
            _ = try await driver.set([write], context: context)[0].get()
            let reads = try await locked(backend) {
                let reads = (0..<40).map { _ in Task { try await driver.get(["k"], context: context)[0] } }
                try await blocked()
                // In both batches, and among those that wait for the next.
                for (index, read) in reads.enumerated() where index.isMultiple(of: 2) {
                    read.cancel()
                    let error = await TestServer.error { _ = try await read.value }
                    #expect(error?.code == .cancelled && error?.applied == nil)
                }
                return reads
            }
            for (index, read) in reads.enumerated() where !index.isMultiple(of: 2) {
                #expect(try await read.value?.value == SessionValue("v"))
            }
        }
    }

    @Test func aReadInABatchEndsAtItsOwnDeadline() async throws {
        try await TestServer.with([.session]) { backend in
            let driver = PostgresSessionDriver(backend: backend)
            try await locked(backend) {
                let patient = (0..<4).map { _ in
                    Task { try await driver.get(["k"], context: TestServer.context(.seconds(50)))[0] }
                }
                try await blocked()
                let error = await TestServer.error {
                    _ = try await driver.get(["k"], context: TestServer.context(.milliseconds(300)))
                }
                #expect(error?.code == .timeout && error?.applied == nil)
                for task in patient { task.cancel() }
            }
        }
    }

    /// What is wrong with one row is told to who asked for it.
    @Test func aRowThatCannotBeReadIsItsOwnReadersAlone() async throws {
        try await TestServer.with([.session]) { backend in
            let driver = PostgresSessionDriver(backend: backend)
            let context = TestServer.context(.seconds(60))
            let write = SessionWrite(key: "k", value: SessionValue("v"), expiry: .never)
            _ = try await driver.set([write], context: context)[0].get()
            // One row fails while it is read: a view divides by zero for its key.
            try await backend.pool.withConnection(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                try await lease.script(
                    """
                    INSERT INTO sessions (key, kind, value, content_type, number, etag, expires_at)
                    SELECT 'bad', kind, value, content_type, number, etag, expires_at FROM sessions;
                    ALTER TABLE sessions RENAME TO kept;
                    CREATE VIEW sessions AS
                    SELECT key, (kind / CASE WHEN key = 'bad' THEN 0 ELSE 1 END)::smallint AS kind, value, content_type,
                        number, etag, expires_at FROM kept;
                    """)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<64 {
                    group.addTask {
                        guard task.isMultiple(of: 8) else {
                            let entry = try await driver.get(["k"], context: context)[0]
                            #expect(entry?.value == SessionValue("v"))
                            return
                        }
                        let error = await TestServer.error { _ = try await driver.get(["bad"], context: context) }
                        #expect(error?.sqlState == "22012")
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Nothing is read meanwhile.
    private func locked<T: Sendable>(_ backend: PostgresBackend, _ body: @Sendable () async throws -> T) async throws
        -> T
    {
        let result = try await backend.pool.transaction(deadline: .after(.seconds(60))) {
            lease throws(StoreError) -> Result<T, any Error> in
            _ = try await lease.group([PostgresCommand("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")])
            do {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Waits until a read waits for the lock.
    private func blocked() async throws {
        let admin = try TestServer.backend(schemaMode: .off)
        try await TestServer.until("a read waits") {
            let rows = try await admin.pool.query(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM sessions%'",
                .read, deadline: .after(.seconds(20)))
            return try rows.first.map { try $0.int(0) > 0 } ?? false
        }
        await admin.shutdown()
    }
}
