import CLibPQ
import StoresCore
import Testing

@testable import StoresPostgres

/// The state machine of a connection, without one.
@Suite struct PipelineTests {
    /// What was sent, in letters: P prepare, E execute, D deallocate, T time-out, S Sync.
    private func letters(_ actions: [PostgresPipeline.Action]) -> String {
        actions.map { action in
            switch action {
            case .prepare: "P"
            case .execute: "E"
            case .deallocate: "D"
            case .setStatementTimeout: "T"
            case .sync: "S"
            }
        }.joined()
    }

    /// A request that a task waits for, and the task.
    private func request(_ sql: [String], _ kind: PostgresKind, isPrepared: Bool = true) async throws -> (
        PostgresRequest, Task<PostgresOutcome, Never>
    ) {
        let commands = try sql.map {
            try PostgresEncodedCommand(PostgresCommand($0, [], isPrepared: isPrepared), types: PostgresTypes())
        }
        let request = PostgresRequest(commands, kind, deadline: .now.advanced(by: .seconds(60)))
        let (queued, continuation) = AsyncStream.makeStream(of: Void.self)
        let task = Task { await request.wait { continuation.finish() } }
        for await _ in queued {}
        return (request, task)
    }

    private func rows() throws -> PostgresRows {
        PostgresRows(taking: try #require(PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK)))
    }

    private func plan(_ pipeline: inout PostgresPipeline, _ requests: [PostgresRequest]) -> String {
        letters(pipeline.plan(requests) { _ in 0 })
    }

    /// Answers one command, and its end.
    private func answer(_ pipeline: inout PostgresPipeline, _ reply: PostgresPipeline.Reply) {
        pipeline.received(reply)
        pipeline.endOfCommand()
    }

    private func finish(_ completions: [PostgresPipeline.Completion]) {
        for completion in completions { completion.request.finish(completion.outcome) }
    }

    private let failure = PostgresFailure(sqlState: "22012", message: "division by zero")

    @Test func readsShareASyncAndWritesHaveTheirOwn() async throws {
        var pipeline = PostgresPipeline()
        let first = try await request(["r"], .read)
        let second = try await request(["r"], .read)
        let write = try await request(["w"], .write)
        let group = try await request(["r", "r"], .read)
        #expect(plan(&pipeline, [first.0, second.0, write.0, group.0, first.0]) == "PSEESPSESEESES")
        for task in [first.1, second.1, write.1, group.1] { task.cancel() }
    }

    @Test func aStatementIsPreparedOnce() async throws {
        var pipeline = PostgresPipeline()
        let first = try await request(["r"], .read)
        let second = try await request(["r"], .read)
        let third = try await request(["x"], .read, isPrepared: false)
        #expect(plan(&pipeline, [first.0]) == "PSES")
        #expect(plan(&pipeline, [second.0]) == "ES")
        #expect(plan(&pipeline, [third.0]) == "ES")
        #expect(pipeline.inFlight == 4)
        for task in [first.1, second.1, third.1] { task.cancel() }
    }

    @Test func whatNobodyWaitsForIsNotSent() async throws {
        var pipeline = PostgresPipeline()
        let (request, task) = try await request(["w"], .write)
        task.cancel()
        guard case .cancelled(wasSent: false) = await task.value else { return _ = Issue.record("another outcome") }
        #expect(plan(&pipeline, [request]).isEmpty)
        #expect(pipeline.isIdle)
    }

    @Test func theTimeLimitIsSetWhenItChanges() async throws {
        var pipeline = PostgresPipeline()
        let first = try await request(["w"], .write, isPrepared: false)
        let second = try await request(["w"], .write, isPrepared: false)
        #expect(letters(pipeline.plan([first.0, second.0]) { _ in 1024 }) == "TSESES")
        #expect(pipeline.statementTimeout == 1024)
        for task in [first.1, second.1] { task.cancel() }
    }

    /// The commonest failure of pipelining: the neighbours of a failed read fail with it.
    @Test func theNeighboursOfAFailedReadAreSentAgainAlone() async throws {
        var pipeline = PostgresPipeline()
        var requests: [(PostgresRequest, Task<PostgresOutcome, Never>)] = []
        for _ in 0..<3 { requests.append(try await request(["r"], .read, isPrepared: false)) }
        #expect(plan(&pipeline, requests.map(\.0)) == "EEES")
        answer(&pipeline, .rows(try rows()))
        answer(&pipeline, .failed(failure))
        answer(&pipeline, .aborted)
        let completions = pipeline.synced()
        #expect(completions.count == 2)
        finish(completions)
        let again = pipeline.takeAgain()
        #expect(again.count == 1 && again[0] === requests[2].0)
        #expect(plan(&pipeline, again) == "ES")
        answer(&pipeline, .rows(try rows()))
        finish(pipeline.synced())
        guard case .rows = await requests[0].1.value, case .failed(failure) = await requests[1].1.value,
            case .rows = await requests[2].1.value
        else { return _ = Issue.record("another outcome") }
        #expect(pipeline.isIdle)
    }

    /// A complete command is not yet a committed one.
    @Test func anErrorAtTheCommitFailsTheWrite() async throws {
        var pipeline = PostgresPipeline()
        let (request, task) = try await request(["w"], .write, isPrepared: false)
        _ = plan(&pipeline, [request])
        answer(&pipeline, .rows(try rows()))
        #expect(!request.isFinished)
        pipeline.received(.failed(failure))
        finish(pipeline.synced())
        guard case .failed(failure) = await task.value else { return _ = Issue.record("another outcome") }
    }

    @Test func aStatementThatIsNotTakenSaysWhy() async throws {
        var pipeline = PostgresPipeline()
        let (request, task) = try await request(["r"], .read)
        #expect(plan(&pipeline, [request]) == "PSES")
        let reason = PostgresFailure(sqlState: "42601", message: "syntax error")
        answer(&pipeline, .failed(reason))
        #expect(pipeline.synced().isEmpty)
        answer(&pipeline, .failed(PostgresFailure(sqlState: "26000", message: "no such statement")))
        finish(pipeline.synced())
        guard case .failed(reason) = await task.value else { return _ = Issue.record("another outcome") }
    }

    /// After DDL, or behind a pooler that has changed the session.
    @Test(arguments: [
        PostgresFailure(sqlState: "26000", message: "no such statement"),
        PostgresFailure(sqlState: "0A000", message: "cached plan must not change result type"),
    ])
    func anOutdatedStatementIsPreparedAnew(_ outdated: PostgresFailure) async throws {
        var pipeline = PostgresPipeline()
        let (request, task) = try await request(["w"], .write)
        _ = plan(&pipeline, [request])
        answer(&pipeline, .rows(try rows()))
        _ = pipeline.synced()
        answer(&pipeline, .failed(outdated))
        #expect(pipeline.synced().isEmpty)
        let again = pipeline.takeAgain()
        #expect(plan(&pipeline, again) == "PSES")
        answer(&pipeline, .rows(try rows()))
        _ = pipeline.synced()
        answer(&pipeline, .rows(try rows()))
        finish(pipeline.synced())
        guard case .rows = await task.value else { return _ = Issue.record("another outcome") }
    }

    @Test func theOldestStatementIsDroppedWhenThereAreTooMany() async throws {
        var pipeline = PostgresPipeline()
        for number in 0..<PostgresPipeline.maxStatements {
            let (request, task) = try await request(["s\(number)"], .read)
            #expect(plan(&pipeline, [request]) == "PSES")
            task.cancel()
        }
        let one = try await request(["one more"], .read)
        #expect(plan(&pipeline, [one.0]) == "DSPSES")
        let first = try await request(["s0"], .read)
        #expect(plan(&pipeline, [first.0]) == "DSPSES")
        for task in [one.1, first.1] { task.cancel() }
    }

    @Test func aLostConnectionLeavesWhoWaits() async throws {
        var pipeline = PostgresPipeline()
        let read = try await request(["r"], .read, isPrepared: false)
        let write = try await request(["w"], .write, isPrepared: false)
        _ = plan(&pipeline, [read.0, write.0])
        pipeline.received(.failed(failure))
        #expect(pipeline.frontFailure == failure)
        #expect(pipeline.abandon().count == 2)
        #expect(pipeline.isIdle)
        for task in [read.1, write.1] { task.cancel() }
    }
}
