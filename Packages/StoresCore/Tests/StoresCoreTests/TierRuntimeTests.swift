import InMemoryTracing
import MetricsTestKit
import Testing
import Tracing

@testable import StoresCore

/// The order of X3 - telemetry, deadline, breaker, retry, concurrency limit, driver - seen from outside.
struct TierRuntimeTests {
    private func open(
        _ faults: FaultPlan, environment: [String: String] = [:], missing: Set<Capability> = [],
        _ change: (inout StoresOptions) -> Void = { _ in }
    ) async throws -> Stores {
        var options = StoresOptions(
            probeTimeout: .seconds(300),
            retry: RetryPolicy(maxAttempts: 3, base: .microseconds(10), cap: .microseconds(100)),
            inMemoryBehavior: InMemoryBehavior(missing: missing, faults: faults))
        change(&options)
        return try await Stores.open(registry: .probed, environment: environment, options: options)
    }

    @Test func transientFailuresAreRetriedAndTheLastIsThrown() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        faults.fail(.session, "get", times: 2)
        #expect(try await stores.session.get("k") == nil)
        faults.fail(.session, "get", times: 3)
        let error = await #expect(throws: StoreError.self) { _ = try await stores.session.get("k") }
        #expect(error?.code == .unavailable)
        #expect(error?.tier == .session)
        #expect(error?.adapter == "memory")
        #expect(error?.operation == "get")
        await stores.shutdown()
    }

    @Test func aWriteThatMayNotRunTwiceIsNotRetriedWhenItsOutcomeIsUnknown() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        faults.fail(.session, "increment", at: .after)
        let error = await #expect(throws: StoreError.self) {
            _ = try await stores.session.increment("n", expiry: .never)
        }
        #expect(error?.applied == .unknown)
        #expect(try await stores.session.get("n")?.value.text == "1")
        faults.fail(.session, "increment", at: .before)
        #expect(try await stores.session.increment("n", expiry: .never) == 2, "nothing was applied: tried again")
        await stores.shutdown()
    }

    @Test func anAppendWithItsIDsIsRetriedAndAppliedOnce() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        faults.fail(.event, "append", at: .after)
        let result = try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .noStream)
        #expect(result.isDeduplicated)
        #expect(try await stores.event.read("s").events.count == 1)
        await stores.shutdown()
    }

    @Test func aPassedDeadlineNeverReachesTheDriver() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults)
        faults.fail(.session, "get", with: StoreError(.internal, "reached"))
        let error = await #expect(throws: StoreError.self) {
            _ = try await stores.session.get("k", deadline: .after(.zero))
        }
        #expect(error?.code == .timeout)
        #expect(error?.applied == .no)
        await stores.shutdown()
    }

    @Test func aDeadlineBoundsTheRetriesToo() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults) {
            $0.retry = RetryPolicy(maxAttempts: 1_000_000, base: .milliseconds(2), cap: .milliseconds(2))
        }
        faults.fail(.session, "get", times: 1_000_000)
        let start = ContinuousClock.now
        await #expect(throws: StoreError.self) {
            _ = try await stores.session.get("k", deadline: .after(.milliseconds(50)))
        }
        #expect(start.duration(to: .now) < .seconds(60))
        await stores.shutdown()
    }

    @Test func theBreakerStopsCallingAfterRepeatedFailures() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults) {
            $0.retry = .none
            $0.breakerThreshold = 3
            $0.breakerCoolDown = .seconds(60)
        }
        faults.fail(.session, "get", times: 3)
        for _ in 0..<3 { await #expect(throws: StoreError.self) { _ = try await stores.session.get("k") } }
        let error = await #expect(throws: StoreError.self) { _ = try await stores.session.get("k") }
        #expect(error?.message.contains("left alone") == true)
        await stores.shutdown()
    }

    @Test func whatIsNotTheBackendsFaultDoesNotOpenTheBreaker() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults) {
            $0.retry = .none
            $0.breakerThreshold = 1
            $0.breakerCoolDown = .seconds(600)
            $0.maxConcurrency = 1
        }
        faults.fail(.session, "get", with: StoreError(.timeout, "x"))
        let brief = await #expect(throws: StoreError.self) {
            _ = try await stores.session.get("k", deadline: .after(.milliseconds(500)))
        }
        #expect(brief?.code == .timeout)
        faults.fail(.session, "get", with: StoreError(.unavailable, "the disk is full", isLocal: true))
        await #expect(throws: StoreError.self) { _ = try await stores.session.get("k") }
        let source = AsyncThrowingStream<[UInt8], any Error> {
            $0.finish(throwing: StoreError(.unavailable, "the source is away"))
        }
        await #expect(throws: StoreError.self) { _ = try await stores.artifact.put("a", body: source) }
        let (pulls, puller) = AsyncStream.makeStream(of: [UInt8].self)
        let started = Locked(false)
        let upload = Task {
            try await stores.artifact.put(
                "b",
                body: pulls.map { chunk in
                    started.withLock { $0 = true }
                    return chunk
                })
        }
        puller.yield([1])
        try await eventually { started.value }
        let full = await #expect(throws: StoreError.self) {
            _ = try await stores.session.get("k", deadline: .after(.milliseconds(1500)))
        }
        #expect(full?.message.contains("no place among 1 concurrent calls") == true)
        puller.finish()
        _ = try await upload.value
        #expect(try await stores.session.get("k") == nil, "the backend is called on")
        await stores.shutdown()
    }

    @Test func aDeleteOfManyPiecesSaysWhatItDidAndHasOneDeadline() async throws {
        let faults = FaultPlan()
        let stores = try await Stores.open(
            environment: [:],
            options: StoresOptions(
                probeTimeout: .seconds(300), retry: .none,
                inMemoryBehavior: InMemoryBehavior(limits: [.batchCount: 2], faults: faults)))
        let ids = (0..<5).map(String.init)
        let docs = try await stores.vector.collection("docs", dimensions: 1)
        let pages = try await stores.search.index("pages", fields: ["body": .text(.standard)])
        func fill() async throws {
            try await docs.upsert(ids.map { VectorRecord(id: $0, vector: [1]) })
            try await pages.upsert(ids.map { SearchDocument(id: $0, fields: [:]) })
            try await stores.session.set(
                ids.map { SessionWrite(key: $0, value: SessionValue("x"), expiry: .never) })
        }
        let deletes: [(Tier, (Deadline?) async throws -> Int)] = [
            (.vector, { try await docs.delete(ids: ids, deadline: $0) }),
            (.search, { try await pages.delete(ids: ids, deadline: $0) }),
            (.session, { try await stores.session.delete(ids, deadline: $0) }),
        ]
        for (tier, delete) in deletes {
            try await fill()
            faults.fail(tier, "delete", skipping: 1)
            let second = await #expect(throws: StoreError.self) { _ = try await delete(nil) }
            #expect(second?.applied == .unknown, "\(tier): the first piece took effect")
            faults.fail(tier, "delete")
            let first = await #expect(throws: StoreError.self) { _ = try await delete(nil) }
            #expect(first?.applied == .no, "\(tier)")
            #expect(try await delete(nil) == 3, "\(tier): what was left")
        }
        await stores.shutdown()
    }

    @Test func cancelledTasksThrowCancelled() async throws {
        let stores = try await open(FaultPlan())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            _ = try await stores.session.get("k")
        }
        task.cancel()
        let error = await #expect(throws: StoreError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        await stores.shutdown()
    }

    @Test func refusalsNameTheAdaptersThatCan() async throws {
        let faults = FaultPlan()
        let stores = try await open(faults, environment: ["STORE_EVENT": "steady"])
        faults.fail(.event, with: StoreError(.internal, "reached"))
        let error = await #expect(throws: StoreError.self) {
            _ = try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .noStream)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.message == "steady has no event.conditionalAppend; adapters that have it: memory")
        #expect(error?.remedy == "choose one of them with STORE_EVENT")
        await stores.shutdown()
    }

    @Test func batchesAreSplitAndAFailedPieceNamesItsIDs() async throws {
        let faults = FaultPlan()
        let stores = try await Stores.open(
            environment: [:],
            options: StoresOptions(
                probeTimeout: .seconds(300), retry: .none,
                inMemoryBehavior: InMemoryBehavior(limits: [.batchCount: 10], faults: faults)))
        let docs = try await stores.vector.collection("docs", dimensions: 1)
        faults.fail(.vector, "upsert", times: 1)
        let receipt = try await docs.upsert((0..<25).map { VectorRecord(id: "\($0)", vector: [1]) })
        #expect(receipt.result.failed.map(\.id) == (0..<10).map(String.init))
        #expect(receipt.result.succeeded.count == 15)
        #expect(try await docs.count() == 15)
        await stores.shutdown()
    }

    @Test func oneSpanAndOneDurationForEachOperationAndACountOfRetries() async throws {
        let tracer = InMemoryTracer()
        let metrics = TestMetrics()
        let faults = FaultPlan()
        let stores = try await open(faults) {
            $0.tracer = tracer
            $0.metrics = metrics
        }
        let docs = try await stores.vector.collection("docs", dimensions: 2)
        faults.fail(.vector, "query", times: 1)
        _ = try await docs.query([1, 0])
        await #expect(throws: StoreError.self) {
            _ = try await stores.session.set(
                "secret-key", SessionValue("x"), expiry: .never, condition: .ifMatch("stale"))
        }
        let spans = tracer.finishedSpans
        #expect(spans.map(\.operationName) == ["collection docs", "query docs", "set"])
        let query = try #require(spans.first { $0.operationName == "query docs" })
        #expect(query.attributes.get("db.system.name") == .string("memory"))
        #expect(query.attributes.get("db.operation.name") == .string("query"))
        #expect(query.attributes.get("db.collection.name") == .string("docs"))
        #expect(query.attributes.get("error.type") == nil)
        let set = try #require(spans.last)
        #expect(set.attributes.get("error.type") == .string("conflict"))
        #expect(!"\(set)".contains("secret-key"), "no key in a span")
        let duration = try metrics.expectRecorder(
            "db.client.operation.duration",
            [
                ("db.system.name", "memory"), ("db.operation.name", "query"), ("stores.tier", "vector"),
                ("db.collection.name", "docs"),
            ])
        #expect(duration.values.count == 1)
        #expect((duration.values.first ?? 9) < 5, "in seconds")
        let retries = try metrics.expectCounter(
            "stores.client.retries",
            [("db.system.name", "memory"), ("db.operation.name", "query"), ("stores.tier", "vector")])
        #expect(retries.totalValue == 1)
        try await docs.upsert([VectorRecord(id: "a", vector: [1, 1])])
        let items = try metrics.expectCounter(
            "stores.client.bulk.items",
            [
                ("db.system.name", "memory"), ("db.operation.name", "upsert"), ("stores.tier", "vector"),
                ("db.collection.name", "docs"), ("outcome", "succeeded"),
            ])
        #expect(items.totalValue == 1)
        await stores.shutdown()
    }

    @Test func nativeHandleOfTheWrongTypeIsRefused() async throws {
        let stores = try await open(FaultPlan())
        let error = await #expect(throws: StoreError.self) { try await stores.vector.withNative(Int.self) { _ in } }
        #expect(error?.code == .unsupported)
        #expect(try await stores.vector.withNative(InMemoryBackend.self) { $0.endpoint } == "memory")
        await stores.shutdown()
    }
}
