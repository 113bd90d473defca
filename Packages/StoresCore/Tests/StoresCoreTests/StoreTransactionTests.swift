import MetricsTestKit
import StoresCore
import Testing

/// What `Stores.transaction` promises whatever the backend: refusals, ends, errors, one call at a time.
@Suite struct StoreTransactionTests {
    private struct Failure: Error {}

    private func open(_ environment: [String: String]) async throws -> Stores {
        var registry = AdapterRegistry()
        registry.register(TransactionalAdapter.self)
        return try await Stores.open(registry: registry, environment: environment, options: .patient)
    }

    private func refusal(_ stores: Stores, over tiers: Set<Tier>) async -> StoreError? {
        await #expect(throws: StoreError.self) { try await stores.transaction(over: tiers) { _ in } }
    }

    @Test func aBackendThatCanNotRefusesAndNamesWhoCan() async throws {
        let stores = try await open([:])
        let error = await refusal(stores, over: [.event, .memory])
        #expect(error?.code == .unsupported && error?.applied == .no)
        #expect(error?.message.contains("sharedTransactions") == true && error?.message.contains("together") == true)
        await stores.shutdown()
    }

    @Test func tiersOfTwoBackendsAreRefused() async throws {
        let stores = try await open(["STORE_EVENT": "together", "STORE_MEMORY": "together-too"])
        let error = await refusal(stores, over: [.event, .memory])
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("STORE_EVENT") == true && error?.message.contains("STORE_MEMORY") == true)
        #expect(await refusal(stores, over: [])?.code == .invalidArgument)
        await stores.shutdown()
    }

    @Test func anApplicationMayRequireIt() async throws {
        var registry = AdapterRegistry()
        registry.register(TransactionalAdapter.self)
        let error = await #expect(throws: StoreError.self) {
            _ = try await Stores.open(
                registry: registry, environment: ["STORE_EVENT": "together"],
                requiring: [.sharedTransactions(.event), .sharedTransactions(.memory)], options: .patient)
        }
        #expect(error.map { "\($0)" }?.contains("memory.sharedTransactions") == true)
    }

    @Test func theBodysErrorIsThrownAsItIsAndRunOnce() async throws {
        let stores = try await open(["STORE_EVENT": "together", "STORE_MEMORY": "together"])
        var runs = 0
        await #expect(throws: Failure.self) {
            try await stores.transaction(over: [.event]) { _ in
                runs += 1
                throw Failure()
            }
        }
        let retryable = await #expect(throws: StoreError.self) {
            try await stores.transaction(over: [.event]) { _ in
                runs += 1
                throw StoreError(.unavailable, "for a moment", applied: .no, isRetryable: true)
            }
        }
        // The caller may repeat it; nobody else does.
        #expect(runs == 2 && retryable?.isRetryable == true)
        #expect(TransactionalAdapter.log.withLock { $0.suffix(2) } == ["rolled back", "rolled back"])
        #expect(try await stores.transaction(over: [.event]) { _ in 7 } == 7)
        #expect(TransactionalAdapter.log.withLock { $0.last } == "committed")
        await stores.shutdown()
    }

    @Test func whatIsKeptBeyondTheEndIsRefused() async throws {
        let stores = try await open(["STORE_EVENT": "together", "STORE_MEMORY": "together"])
        var kept: StoreTransaction?
        try await stores.transaction(over: [.event]) { transaction in
            kept = transaction
            let error = await #expect(throws: StoreError.self) {
                _ = try await transaction.memory.get("f", scope: Scope(["s"]))
            }
            #expect(error?.code == .invalidArgument && error?.remedy?.contains(".memory") == true)
            let nested = await refusal(stores, over: [.event])
            #expect(nested?.message.contains("nested") == true)
        }
        let error = await #expect(throws: StoreError.self) { _ = try await kept?.event.read("s") }
        #expect(error?.message.contains("has ended") == true)
        await stores.shutdown()
    }

    @Test func whatIsHeldBackIsAMetric() async throws {
        let metrics = TestMetrics()
        var options = StoresOptions.patient
        options.metrics = metrics
        var registry = AdapterRegistry()
        registry.register(TransactionalAdapter.self)
        let stores = try await Stores.open(
            registry: registry, environment: ["STORE_EVENT": "together"], options: options)
        #expect(try await stores.event.lag() == .milliseconds(2500))
        let gauge = try metrics.expectGauge(
            "stores.event.lag",
            [("db.system.name", "together"), ("db.operation.name", "lag"), ("stores.tier", "event")])
        #expect(gauge.lastValue == 2.5)
        await stores.shutdown()
        let plain = try await open([:])
        #expect(try await plain.event.lag() == .zero)
        await plain.shutdown()
    }
}

/// In memory, with transactions that only say how they ended.
private struct TransactionalAdapter: StoreAdapter {
    static let log = Locked<[String]>([])

    static let descriptions = ["together", "together-too"].map { name in
        AdapterDescription(
            name: name, package: "StoresTogether", summary: "For tests.", systemName: "together",
            tiers: [.event: capabilities(.event), .memory: capabilities(.memory)])
    }

    static func capabilities(_ tier: Tier) -> TierCapabilities {
        var capabilities = InMemoryBehavior().capabilities(of: tier)
        capabilities.features.insert(.sharedTransactions(tier))
        return capabilities
    }

    static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend { Backend() }

    private struct Backend: TransactionalBackend {
        let inner = InMemoryBackend()

        var endpoint: String { "together" }
        var native: any Sendable { inner }
        var event: (any EventDriver)? { inner.event.map { LateDriver(inner: $0) } }
        var memory: (any MemoryDriver)? { inner.memory }

        func capabilities(of tier: Tier) -> TierCapabilities? { TransactionalAdapter.capabilities(tier) }
        func start(context: CallContext) async throws(StoreError) {}
        func ping(context: CallContext) async throws(StoreError) -> BackendStatus { BackendStatus(version: "1") }
        func shutdown() async {}

        func transaction<T: Sendable>(
            context: CallContext, _ body: (TransactionDrivers) async throws(StoreError) -> T
        ) async throws(StoreError) -> T {
            do throws(StoreError) {
                let result = try await body(TransactionDrivers(memory: inner.memory, event: inner.event))
                log.withLock { $0.append("committed") }
                return result
            } catch {
                log.withLock { $0.append("rolled back") }
                throw error
            }
        }
    }

    /// Says that it is behind, and does nothing else of use.
    private struct LateDriver: LaggingEventDriver {
        let inner: any EventDriver

        func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
            async throws(StoreError) -> AppendResult
        { try await inner.append(events, to: stream, expected: expected, context: context) }

        func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
            async throws(StoreError) -> StreamSlice
        { try await inner.read(stream, from: from, direction: direction, limit: limit, context: context) }

        func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError)
            -> EventSlice
        { EventSlice(events: [], next: position, isAtEnd: true) }

        func head(context: CallContext) async throws(StoreError) -> Position? { nil }
        func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {}
        func lag(context: CallContext) async throws(StoreError) -> Duration { .milliseconds(2500) }
    }
}
