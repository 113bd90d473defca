import StoresCore

@testable import StoresConformance

/// In-memory stores with one defect each, chosen by the variable `BROKEN_DEFECT`: each conformance case must be seen to
/// fail on one of them.
enum BrokenStores: StoreAdapter {
    static let descriptions = [
        AdapterDescription(
            name: "broken", package: "StoresBroken", summary: "In-memory, with a defect.", systemName: "broken",
            tiers: Dictionary(
                uniqueKeysWithValues: Tier.stores.map { ($0, BrokenBackend.best(of: $0)) }),
            settings: [SettingDescription("BROKEN_DEFECT", .string, summary: "What is wrong.")])
    ]

    static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        BrokenBackend(defect: context.settings.string("BROKEN_DEFECT") ?? "", inner: InMemoryBackend())
    }

    /// Opens stores that all have this defect.
    static func with<T>(_ defect: String, tiers: Set<Tier>, _ body: (ConformanceSubject) async throws -> T) async throws
        -> T
    {
        var registry = AdapterRegistry()
        registry.register(BrokenStores.self)
        let clock = ManualStoreClock()
        var environment = ["BROKEN_DEFECT": defect]
        for tier in Tier.stores { environment[tier.variable] = "broken" }
        let (linked, variables, options) = (
            registry, environment, StoresOptions(probeTimeout: .seconds(60), retry: .none, clock: clock)
        )
        return try await Stores.withOpen(registry: linked, environment: variables, options: options) { stores in
            try await body(
                ConformanceSubject(
                    stores: stores, tiers: tiers, advance: { clock.advance(by: $0) },
                    reopen: { try await Stores.open(registry: linked, environment: variables, options: options) },
                    prefix: "broken", registry: linked, caseTimeout: .seconds(60)))
        }
    }

    /// Runs the body of a case on stores with this defect, also where it does not apply; what it failed with, or nil.
    static func failure(_ defect: String, of test: ConformanceCase) async throws -> String? {
        try await with(defect, tiers: [test.tier]) { subject in
            do {
                try await test.body(Bench(subject: subject, tier: test.tier, second: nil, number: 1))
                return nil
            } catch {
                return "\(error)"
            }
        }
    }
}

/// The drivers of all tiers have the defect; without one they are as the in-memory ones.
struct BrokenBackend: StoreBackend {
    let defect: String
    let inner: InMemoryBackend

    private struct WrongNative: Sendable {}

    static func best(of tier: Tier) -> TierCapabilities {
        var capabilities = InMemoryBehavior().capabilities(of: tier)
        if tier == .artifact { capabilities.features.insert(.artifact(.presign)) }
        return capabilities
    }

    var endpoint: String { "broken" }
    var native: any Sendable { if defect == "nativeIsAnother" { NoHandle() } else { inner } }
    var vector: (any VectorDriver)? {
        (inner.vector as? any TextVectorDriver).map { BrokenVectorDriver(inner: $0, defect: defect) }
    }
    var memory: (any MemoryDriver)? {
        (inner.memory as? InMemoryMemoryDriver).map { BrokenMemoryDriver(inner: $0, defect: defect) }
    }
    var session: (any SessionDriver)? {
        (inner.session as? InMemorySessionDriver).map { BrokenSessionDriver(inner: $0, defect: defect) }
    }
    var artifact: (any ArtifactDriver)? {
        (inner.artifact as? InMemoryArtifactDriver).map { BrokenArtifactDriver(inner: $0, defect: defect) }
    }
    var event: (any EventDriver)? {
        guard let event = inner.event as? InMemoryEventDriver, let session = inner.session as? InMemorySessionDriver
        else { return nil }
        return BrokenEventDriver(inner: event, session: session, defect: defect)
    }
    var search: (any SearchDriver)? {
        (inner.search as? InMemorySearchDriver).map { BrokenSearchDriver(inner: $0, defect: defect) }
    }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        var capabilities = Self.best(of: tier)
        if defect == "foreignCapability" {
            capabilities.features.insert(tier == .vector ? .search(.phrase) : .vector(.dot))
        }
        if defect.hasPrefix("transaction"), tier != .artifact {
            capabilities.features.insert(.sharedTransactions(tier))
        }
        return capabilities
    }

    func start(context: CallContext) async throws(StoreError) {}
    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        BackendStatus(version: defect == "versionMissing" ? "" : "0")
    }
    func shutdown() async {}
}

extension BrokenBackend: TransactionalBackend {
    func transaction<T: Sendable>(
        context: CallContext, _ body: (TransactionDrivers) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let drivers = TransactionDrivers(vector: vector, memory: memory, session: session, event: event, search: search)
        guard defect == "transactionIsLost" else { return try await body(drivers) }
        return try await body(drivers.forgetting)
    }
}

extension TransactionDrivers {
    /// Seen by nobody but the transaction itself, which they do not outlive; collections and indexes are looked up
    /// where the others have them.
    fileprivate var forgetting: TransactionDrivers {
        let other = InMemoryBackend()
        return TransactionDrivers(
            vector: vector, memory: other.memory, session: other.session, event: other.event, search: search)
    }
}
