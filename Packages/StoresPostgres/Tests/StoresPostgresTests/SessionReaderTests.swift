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
            // Nothing is answered while the table is locked, so that all are under way or wait.
            let reads = try await backend.pool.transaction(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                _ = try await lease.group([PostgresCommand("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")])
                let reads = (0..<40).map { _ in Task { try await driver.get(["k"], context: context)[0] } }
                for read in reads.prefix(20) { read.cancel() }
                for read in reads.prefix(20) {
                    let error = await TestServer.error { _ = try await read.value }
                    #expect(error?.code == .cancelled)
                }
                return reads
            }
            for read in reads.dropFirst(20) {
                #expect(try await read.value?.value == SessionValue("v"))
            }
        }
    }

    @Test func aReadEndsAtItsOwnDeadline() async throws {
        try await TestServer.with([.session]) { backend in
            let driver = PostgresSessionDriver(backend: backend)
            try await backend.pool.transaction(deadline: .after(.seconds(60))) { lease throws(StoreError) in
                _ = try await lease.group([PostgresCommand("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE")])
                let patient = (0..<4).map { _ in
                    Task { try await driver.get(["k"], context: TestServer.context(.seconds(50)))[0] }
                }
                let error = await TestServer.error {
                    _ = try await driver.get(["k"], context: TestServer.context(.milliseconds(300)))
                }
                #expect(error?.code == .timeout)
                for task in patient { task.cancel() }
            }
        }
    }
}
