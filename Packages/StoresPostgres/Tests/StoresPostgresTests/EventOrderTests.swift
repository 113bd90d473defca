import StoresCore
import Testing

@testable import StoresPostgres

/// E6 where it is hard: transactions that commit in another order than they began.
@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped), .serialized)
struct EventOrderTests {
    private func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "t") }

    private func append(_ id: String, _ stream: String, _ lease: PostgresLease) async throws(StoreError) {
        let append = try PostgresAppend(
            [event(id)], to: stream, expected: .any, now: Timestamp(millisecondsSinceEpoch: 0),
            deadline: .after(.seconds(20)))
        let rows = try await lease.group([PostgresAppendStatement.command([append])])
        guard rows[0].count == 1 else { throw StoreError(.internal, "not appended") }
    }

    private func all(_ driver: PostgresEventDriver) async throws -> [RecordedEvent] {
        try await driver.readAll(after: nil, limit: 100, context: TestServer.context()).events
    }

    /// A reader by sequence numbers alone would see "late" never.
    @Test func whatCommitsLateIsNotSkipped() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            try await backend.pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                try await append("late", "a", lease)
                _ = try await driver.append(
                    [event("early")], to: "b", expected: .noStream, context: TestServer.context())
                let seen = try await driver.readAll(after: nil, limit: 10, context: TestServer.context())
                guard seen.events.isEmpty, seen.isAtEnd else { throw StoreError(.internal, "read too far") }
                let head = try await driver.head(context: TestServer.context())
                guard head == nil else { throw StoreError(.internal, "the head is too far") }
            }
            try await TestServer.until("both are settled") { try await all(driver).count == 2 }
            let events = try await all(driver)
            #expect(events.map(\.id) == ["late", "early"])
            #expect(events[0].position < events[1].position)
        }
    }

    /// A transaction that has written something before it appends has an older number than its event's place.
    @Test func anAppendThatIsNotItsTransactionsFirstWriteKeepsTheStreamsOrder() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            try await backend.pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                _ = try await lease.query("INSERT INTO leases VALUES ('x', 1, 1, false)")
                _ = try await driver.append(
                    [event("first")], to: "s", expected: .noStream, context: TestServer.context())
                try await append("second", "s", lease)
            }
            try await TestServer.until("both are settled") { try await all(driver).count == 2 }
            let events = try await all(driver)
            #expect(events.map(\.id) == ["first", "second"])
            #expect(events.map(\.revision) == [0, 1])
        }
    }

    @Test func aWaitingReaderIsWokenByAnotherProcess() async throws {
        try await TestServer.with { backend in
            let other = try TestServer.backend(schema: backend.pool.schema)
            try await other.start(context: TestServer.context())
            let reader = PostgresEventDriver(backend: backend)
            let writer = PostgresEventDriver(backend: other)
            for number in 0..<10 {
                let head = try await reader.head(context: TestServer.context())
                let start = ContinuousClock.now
                async let waited: Void = reader.waitForEvents(after: head, timeout: .seconds(20))
                _ = try await writer.append(
                    [event("e\(number)")], to: "s", expected: .any, context: TestServer.context())
                try await waited
                #expect(ContinuousClock.now - start < .seconds(5))
                let next = try await reader.readAll(after: head, limit: 10, context: TestServer.context())
                #expect(next.events.map(\.id) == ["e\(number)"])
            }
            await other.shutdown()
        }
    }

    @Test func waitingEndsAtItsTimeAndWithItsTask() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            let start = ContinuousClock.now
            try await driver.waitForEvents(after: nil, timeout: .milliseconds(200))
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            let waiting = Task { try await driver.waitForEvents(after: nil, timeout: .seconds(60)) }
            waiting.cancel()
            let error = await TestServer.error { try await waiting.value }
            #expect(error?.code == .cancelled)
        }
    }

    /// Many writers on many streams, one reader from the start: every event, once, each stream in order.
    @Test func aReaderUnderLoadSeesEverythingOnceAndInOrder() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<32 {
                    group.addTask {
                        for number in 0..<40 {
                            let expected: ExpectedRevision = number == 0 ? .noStream : .exact(Int64(number - 1))
                            _ = try await driver.append(
                                [event("\(writer)-\(number)")], to: "s\(writer)", expected: expected,
                                context: TestServer.context(.seconds(30)))
                        }
                    }
                }
                group.addTask {
                    var position: Position?
                    var next = [String: Int64]()
                    var count = 0
                    while count < 32 * 40 {
                        let slice = try await driver.readAll(
                            after: position, limit: 100, context: TestServer.context(.seconds(30)))
                        for event in slice.events {
                            try #require(next[event.stream, default: 0] == event.revision)
                            next[event.stream] = event.revision + 1
                            count += 1
                        }
                        position = slice.next
                        if slice.isAtEnd { try await driver.waitForEvents(after: position, timeout: .seconds(5)) }
                    }
                    #expect(count == 32 * 40)
                }
                try await group.waitForAll()
            }
        }
    }

    /// Of appends that are gathered, one whose demand is not met does not disturb the others.
    @Test func aConflictInABatchIsItsOwn() async throws {
        try await TestServer.with { backend in
            let driver = PostgresEventDriver(backend: backend)
            _ = try await driver.append([event("x")], to: "taken", expected: .noStream, context: TestServer.context())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<32 {
                    group.addTask {
                        for number in 0..<20 {
                            if task % 8 == 0 {
                                let error = await TestServer.error {
                                    _ = try await driver.append(
                                        [event("\(task) \(number)")], to: "taken", expected: .exact(7),
                                        context: TestServer.context(.seconds(30)))
                                }
                                let wanted = StoreError.Conflict.revision(expected: .exact(7), actual: 0)
                                try #require(error?.conflict == wanted)
                            } else {
                                let result = try await driver.append(
                                    [event("\(number)"), event("\(number)b")], to: "s\(task)", expected: .any,
                                    context: TestServer.context(.seconds(30)))
                                try #require(result.firstRevision == Int64(number * 2))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// The same append by many at the same moment happens once.
    @Test func theSameEventsAtTheSameMomentAreAppendedOnce() async throws {
        try await TestServer.with { backend in
            let other = try TestServer.backend(schema: backend.pool.schema)
            try await other.start(context: TestServer.context())
            let drivers = [PostgresEventDriver(backend: backend), PostgresEventDriver(backend: other)]
            for round in 0..<20 {
                let results = try await withThrowingTaskGroup(of: AppendResult.self) { group in
                    for task in 0..<16 {
                        group.addTask {
                            try await drivers[task % 2].append(
                                [event("e\(round)"), event("f\(round)")], to: "s\(round)", expected: .noStream,
                                context: TestServer.context(.seconds(30)))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(results.count { !$0.isDeduplicated } == 1)
                #expect(Set(results.map(\.position)).count == 1)
                #expect(results.allSatisfy { $0.firstRevision == 0 && $0.lastRevision == 1 })
            }
            await other.shutdown()
        }
    }
}
