import StoresConformance
import StoresCore

/// In-memory stores with one defect each, chosen by the variable `BROKEN_DEFECT`: each conformance case must be seen to
/// fail on one of them.
enum BrokenStores: StoreAdapter {
    static let descriptions = [
        AdapterDescription(
            name: "broken", package: "StoresBroken", summary: "In-memory, with a defect.", systemName: "broken",
            tiers: Dictionary(
                uniqueKeysWithValues: Tier.stores.map { ($0, InMemoryBehavior().capabilities(of: $0)) }),
            settings: [SettingDescription("BROKEN_DEFECT", .string, summary: "What is wrong.")])
    ]

    static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        BrokenBackend(defect: context.settings.string("BROKEN_DEFECT") ?? "", inner: InMemoryBackend())
    }

    /// Runs the cases with these ids on stores with this defect, and returns the ids of those that failed.
    static func failing(_ defect: String, tier: Tier, cases: [String]) async throws -> [String: String] {
        var registry = AdapterRegistry()
        registry.register(BrokenStores.self)
        let clock = ManualStoreClock()
        let environment = [tier.variable: "broken", "BROKEN_DEFECT": defect]
        let linked = registry
        return try await Stores.withOpen(
            registry: linked, environment: environment, options: StoresOptions(retry: .none, clock: clock)
        ) { stores in
            let subject = ConformanceSubject(
                stores: stores, tiers: [tier], advance: { clock.advance(by: $0) },
                reopen: {
                    try await Stores.open(
                        registry: linked, environment: environment, options: StoresOptions(retry: .none, clock: clock))
                }, prefix: "broken", registry: linked, caseTimeout: .seconds(20))
            let report = await Conformance.run(subject) { cases.contains($0.id) }
            var failures: [String: String] = [:]
            for result in report.results {
                if case .failed(let message) = result.outcome { failures[result.id] = message }
            }
            return failures
        }
    }
}

/// The drivers of the tier under test are broken; the backend is in order.
struct BrokenBackend: StoreBackend {
    let defect: String
    let inner: InMemoryBackend

    var endpoint: String { "broken" }
    var native: any Sendable { inner }
    var vector: (any VectorDriver)? {
        guard let driver = inner.vector as? any TextVectorDriver else { return nil }
        return BrokenVectorDriver(inner: driver, defect: VectorDefect(rawValue: defect))
    }
    var memory: (any MemoryDriver)? { inner.memory }
    var session: (any SessionDriver)? { inner.session }
    var artifact: (any ArtifactDriver)? { inner.artifact }
    var event: (any EventDriver)? { inner.event }
    var search: (any SearchDriver)? { inner.search }

    func capabilities(of tier: Tier) -> TierCapabilities? { inner.capabilities(of: tier) }
    func start(context: CallContext) async throws(StoreError) {}
    func ping(context: CallContext) async throws(StoreError) -> BackendStatus { BackendStatus(version: "0") }
    func shutdown() async {}
}
