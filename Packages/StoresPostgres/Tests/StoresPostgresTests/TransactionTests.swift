import Foundation
import StoresCore
import Synchronization
import Testing

@testable import StoresPostgres

/// Several tiers in one transaction: all of it or nothing.
@Suite(.enabled(if: TestServer.url != nil, TestServer.skipped))
struct TransactionTests {
    private static let tiers: Set<Tier> = [.vector, .memory, .session, .event, .search]

    private struct Failure: Error, Equatable {}

    private func with(_ body: (Stores) async throws -> Void) async throws {
        let schema = TestServer.schema()
        var registry = AdapterRegistry()
        registry.register(StoresPostgres.self)
        var environment = ["POSTGRES_URL": TestServer.url ?? "", "POSTGRES_SCHEMA": schema]
        for tier in Self.tiers { environment[tier.variable] = "postgres" }
        try await Stores.withOpen(registry: registry, environment: environment) { stores in
            let result: Result<Void, any Error>
            do { result = .success(try await body(stores)) } catch { result = .failure(error) }
            try await stores.event.withNative(PostgresPool.self) { pool in
                _ = try await pool.query(
                    "DROP SCHEMA \(PostgresIdentifier.quoted(schema)) CASCADE", .write, isPrepared: false,
                    deadline: .after(.seconds(20)))
            }
            try result.get()
        }
    }

    private static func fact(_ id: String) -> FactDraft {
        FactDraft(id: id, scope: Scope(["tests"]), content: "content of \(id)")
    }

    private static func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "t", data: Array(id.utf8)) }

    private func ids(_ stores: Stores, _ stream: String) async throws -> [String] {
        try await stores.event.read(stream).events.map(\.id)
    }

    private func exists(_ stores: Stores, fact id: String) async throws -> Bool {
        try await stores.memory.get(id, scope: Scope(["tests"])) != nil
    }

    @Test func allTiersAreWrittenTogether() async throws {
        try await with { stores async throws in
            _ = try await stores.vector.collection("c", dimensions: 2, metric: .cosine)
            _ = try await stores.search.index("i", fields: ["body": .text(.standard)])
            let version = try await stores.transaction(over: Self.tiers) { transaction in
                try await transaction.event.append([Self.event("1")], to: "s", expected: .noStream)
                try await transaction.session.set("k", SessionValue("v"), expiry: .never)
                let collection = try await transaction.vector.collection("c", dimensions: 2, metric: .cosine)
                try await collection.upsert([VectorRecord(id: "r", vector: [1, 0])])
                let index = try await transaction.search.index("i", fields: ["body": .text(.standard)])
                try await index.upsert([SearchDocument(id: "d", fields: ["body": "some words"])])
                let version = try await transaction.memory.put(Self.fact("f")).version
                // Seen within, and by nobody else.
                #expect(try await transaction.event.read("s").events.count == 1)
                #expect(try await stores.event.read("s").exists == false)
                #expect(try await exists(stores, fact: "f") == false)
                return version
            }
            #expect(version == 1)
            #expect(try await ids(stores, "s") == ["1"])
            #expect(try await exists(stores, fact: "f"))
            #expect(try await stores.session.get("k")?.value == SessionValue("v"))
            let collection = try await stores.vector.collection("c", dimensions: 2, metric: .cosine)
            #expect(try await collection.count() == 1)
        }
    }

    @Test func anErrorOfTheBodyUndoesAll() async throws {
        try await with { stores async throws in
            await #expect(throws: Failure.self) {
                try await stores.transaction(over: [.event, .memory]) { transaction in
                    try await transaction.event.append([Self.event("1")], to: "s", expected: .any)
                    try await transaction.memory.put(Self.fact("f"))
                    throw Failure()
                }
            }
            #expect(try await stores.event.read("s").exists == false)
            #expect(try await exists(stores, fact: "f") == false)
        }
    }

    @Test func cancellationUndoesAllAndFreesTheConnection() async throws {
        try await with { stores async throws in
            for _ in 0..<20 {
                let isInside = Latch()
                let task = Task {
                    try await stores.transaction(over: [.event, .memory]) { transaction in
                        try await transaction.event.append([Self.event("1")], to: "s", expected: .any)
                        isInside.open()
                        while true { _ = try await transaction.memory.get("f", scope: Scope(["tests"])) }
                    }
                }
                await isInside.wait()
                task.cancel()
                let error = await TestServer.error { try await task.value }
                #expect(error?.code == .cancelled)
            }
            // Nobody holds the stream's row, nor a connection.
            try await stores.event.append([Self.event("2")], to: "s", expected: .noStream)
            #expect(try await ids(stores, "s") == ["2"])
        }
    }

    @Test func aCallThatFailsLeavesTheRest() async throws {
        try await with { stores async throws in
            try await stores.event.append([Self.event("0")], to: "s", expected: .noStream)
            try await stores.transaction(over: [.event, .memory, .session]) { transaction in
                try await transaction.memory.put(Self.fact("before"))
                let stale = await TestServer.error {
                    try await transaction.event.append([Self.event("1")], to: "s", expected: .noStream)
                }
                #expect(stale?.code == .conflict)
                // An error of the server itself: the statement fails, not the transaction.
                try await transaction.session.set("k", SessionValue("v"), expiry: .never)
                let kind = await TestServer.error { _ = try await transaction.session.increment("k", expiry: .never) }
                #expect(kind?.code == .preconditionFailed)
                let conflict = await TestServer.error {
                    try await transaction.memory.put(Self.fact("before"), ifVersion: 7)
                }
                #expect(conflict?.code == .conflict)
                try await transaction.event.append([Self.event("1")], to: "s", expected: .exact(0))
            }
            #expect(try await exists(stores, fact: "before"))
            #expect(try await ids(stores, "s") == ["0", "1"])
        }
    }

    /// Savepoints keep what stood before a statement that the server refuses.
    @Test func aRefusedStatementIsUndoneAlone() async throws {
        try await TestServer.with([.session]) { backend in
            let context = TestServer.context()
            _ = try await backend.pool.query(
                "CREATE TABLE numbers (n bigint PRIMARY KEY)", .write, isPrepared: false, deadline: context.deadline)
            try await backend.pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                let access = PostgresAccess(pool: backend.pool, lease: lease)
                for (numbers, isFine) in [([1, 2], true), ([3, 1], false), ([3], true)] as [([Int64], Bool)] {
                    do throws(StoreError) {
                        _ = try await access.group(
                            numbers.map { PostgresCommand("INSERT INTO numbers VALUES ($1)", [.int8($0)]) }, .write,
                            deadline: context.deadline)
                        #expect(isFine)
                    } catch {
                        #expect(!isFine && error.code == .alreadyExists)
                    }
                }
            }
            let rows = try await backend.pool.query(
                "SELECT array_agg(n ORDER BY n) FROM numbers", .read, deadline: context.deadline)
            #expect(try rows.first?.int8Array(0) == [1, 2, 3])
        }
    }

    /// E6: one that wrote first, and thereby has an early number, appends after another has committed.
    @Test func anAppendThatIsNotTheFirstWriteIsReadInOrder() async throws {
        try await with { stores async throws in
            let (hasWritten, mayAppend) = (Latch(), Latch())
            let early = Task {
                try await stores.transaction(over: [.event, .memory]) { transaction in
                    try await transaction.memory.put(Self.fact("first write"))
                    hasWritten.open()
                    await mayAppend.wait()
                    try await transaction.event.append([Self.event("late")], to: "s", expected: .exact(0))
                    try await transaction.event.append([Self.event("other")], to: "t", expected: .noStream)
                }
            }
            await hasWritten.wait()
            try await stores.event.append([Self.event("soon")], to: "s", expected: .noStream)
            // Not yet: the early one runs still, and could write before it.
            #expect(try await stores.event.readAll().events.isEmpty)
            mayAppend.open()
            try await early.value
            var seen: [String] = []
            for try await element in try stores.event.subscribe(from: .start) {
                if case .event(let event) = element { seen.append("\(event.stream)\(event.revision)") }
                if seen.count == 3 { break }
            }
            #expect(seen.filter { $0.hasPrefix("s") } == ["s0", "s1"])
            #expect(Set(seen) == ["s0", "s1", "t0"])
        }
    }

    @Test func subscribersWakeAtTheCommit() async throws {
        try await with { stores async throws in
            let first = Task {
                for try await element in try stores.event.subscribe(from: .start) {
                    if case .event(let event) = element { return event.id }
                }
                return ""
            }
            try await stores.transaction(over: [.event]) { transaction in
                try await transaction.event.append([Self.event("1")], to: "s", expected: .any)
            }
            #expect(try await first.value == "1")
        }
    }

    @Test func bulkLoadsAreThereTwice() async throws {
        try await with { stores async throws in
            _ = try await stores.vector.collection("c", dimensions: 2, metric: .cosine)
            try await stores.transaction(over: [.vector]) { transaction in
                let collection = try await transaction.vector.collection("c", dimensions: 2, metric: .cosine)
                for x in [1, 2, 3] as [Float] {
                    try await collection.upsert((0..<1500).map { VectorRecord(id: "\($0)", vector: [x, 1]) })
                }
            }
            let collection = try await stores.vector.collection("c", dimensions: 2, metric: .cosine)
            #expect(try await collection.count() == 1500)
            #expect(try await collection.get(ids: ["7"], include: .vector).first?.vector == [3, 1])
        }
    }

    @Test func whatDoesNotFitIsRefused() async throws {
        try await with { stores async throws in
            try await stores.transaction(over: [.event]) { transaction in
                let memory = await TestServer.error { try await transaction.memory.put(Self.fact("f")) }
                #expect(memory?.code == .invalidArgument && memory?.remedy?.contains(".memory") == true)
                let nested = await TestServer.error { try await stores.transaction(over: [.event]) { _ in } }
                #expect(nested?.code == .invalidArgument && nested?.message.contains("nested") == true)
                let subscription = await TestServer.error { _ = try transaction.event.subscribe(from: .start) }
                #expect(subscription?.code == .unsupported)
                #expect(subscription?.message.contains("within a transaction") == true)
            }
            let none = await TestServer.error { try await stores.transaction(over: []) { _ in } }
            #expect(none?.code == .invalidArgument)
            let artifact = await TestServer.error { try await stores.transaction(over: [.event, .artifact]) { _ in } }
            #expect(artifact?.code == .unsupported)
            var kept: StoreTransaction?
            try await stores.transaction(over: [.event]) { kept = $0 }
            let ended = await TestServer.error { _ = try await kept?.event.read("s") }
            #expect(ended?.code == .invalidArgument && ended?.message.contains("ended") == true)
        }
    }

    @Test func aDeadlineEndsItAndNothingIsKept() async throws {
        try await with { stores async throws in
            let error = await TestServer.error {
                try await stores.transaction(over: [.event], deadline: .after(.milliseconds(300))) { transaction in
                    try await transaction.event.append([Self.event("1")], to: "s", expected: .any)
                    while true { _ = try await transaction.event.read("s") }
                }
            }
            #expect(error?.code == .timeout)
            #expect(try await stores.event.read("s").exists == false)
        }
    }

    /// A call with a short deadline of its own does not shorten those of the others.
    @Test func anEarlierDeadlineOfOneCallIsItsAlone() async throws {
        try await TestServer.with([.session]) { backend in
            try await backend.pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                let access = PostgresAccess(pool: backend.pool, lease: lease)
                _ = try await access.query("SELECT 1", .write, deadline: .after(.milliseconds(500)))
                _ = try await access.query("SELECT pg_sleep(1.5)", .write, deadline: .after(.seconds(15)))
            }
        }
    }

    /// What was given up is not committed by who did not look.
    @Test func aTimeoutThatIsIgnoredDoesNotCommit() async throws {
        try await with { stores async throws in
            let error = await TestServer.error {
                try await stores.transaction(over: [.event, .session]) { transaction in
                    try await transaction.event.append([Self.event("1")], to: "s", expected: .any)
                    let late = await TestServer.error {
                        _ = try await transaction.session.get("k", deadline: .after(.zero))
                    }
                    #expect(late?.code == .timeout)
                }
            }
            // A call whose deadline had passed before it began was never sent: the transaction stands.
            #expect(error == nil)
            #expect(try await ids(stores, "s") == ["1"])
        }
        try await TestServer.with([.session]) { backend in
            let error = await TestServer.error {
                try await backend.pool.transaction(deadline: .after(.seconds(20))) { lease throws(StoreError) in
                    let access = PostgresAccess(pool: backend.pool, lease: lease)
                    _ = try? await access.query("SELECT pg_sleep(9)", .write, deadline: .after(.milliseconds(200)))
                }
            }
            #expect(error?.code == .unavailable && error?.applied == .no && error?.isRetryable == true)
        }
    }

    /// The outbox: who publishes reads what was committed with the fact, once for each.
    @Test func racingTransactionsKeepBothSidesInAgreement() async throws {
        try await with { stores async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for number in 0..<10 {
                            let id = "\(writer)-\(number)"
                            do {
                                try await stores.transaction(over: [.event, .memory]) { transaction in
                                    try await transaction.event.append(
                                        [Self.event(id)], to: "s\(number % 3)", expected: .any)
                                    try await transaction.memory.put(Self.fact(id))
                                    if (writer + number) % 3 == 0 { throw Failure() }
                                }
                            } catch is Failure {}
                        }
                    }
                }
                try await group.waitForAll()
            }
            let facts = try await stores.memory.list(scope: Scope(["tests"]), limit: 200).items.map(\.id)
            let events = try await stores.event.readAll().events
            #expect(Set(facts) == Set(events.map(\.id)))
            #expect(facts.count == events.count && facts.count > 40)
            for (_, stream) in Dictionary(grouping: events, by: \.stream) {
                #expect(stream.map(\.revision) == (0..<Int64(stream.count)).map { $0 })
            }
        }
    }
}

/// Closed until it is opened, once.
final class Latch: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
