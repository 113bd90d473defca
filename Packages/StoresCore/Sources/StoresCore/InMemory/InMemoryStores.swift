/// The in-memory stores, which every registry has as `memory`: the default, deterministic, and the reference that
/// defines what every other adapter must do.
public enum InMemoryStores: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "memory", package: "StoresCore", summary: "In the process's memory; for tests and as a reference.",
            systemName: "memory",
            tiers: Dictionary(uniqueKeysWithValues: Tier.stores.map { ($0, InMemoryBehavior().capabilities(of: $0)) })
        )
    ]

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        InMemoryBackend(behavior: context.inMemoryBehavior)
    }
}

/// The in-memory drivers of all tiers. Data lives as long as this object.
public final class InMemoryBackend: StoreBackend {
    private let behavior: InMemoryBehavior
    private let vectorDriver: InMemoryVectorDriver
    private let memoryDriver: InMemoryMemoryDriver
    private let sessionDriver: InMemorySessionDriver
    private let artifactDriver: InMemoryArtifactDriver
    private let eventDriver: InMemoryEventDriver
    private let searchDriver: InMemorySearchDriver

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
        vectorDriver = InMemoryVectorDriver(behavior: behavior)
        memoryDriver = InMemoryMemoryDriver(behavior: behavior)
        sessionDriver = InMemorySessionDriver(behavior: behavior)
        artifactDriver = InMemoryArtifactDriver(behavior: behavior)
        eventDriver = InMemoryEventDriver(behavior: behavior)
        searchDriver = InMemorySearchDriver(behavior: behavior)
    }

    public var endpoint: String { "memory" }
    public var native: any Sendable { self }
    public var vector: (any VectorDriver)? { vectorDriver }
    public var memory: (any MemoryDriver)? { memoryDriver }
    public var session: (any SessionDriver)? { sessionDriver }
    public var artifact: (any ArtifactDriver)? { artifactDriver }
    public var event: (any EventDriver)? { eventDriver }
    public var search: (any SearchDriver)? { searchDriver }

    public func capabilities(of tier: Tier) -> TierCapabilities? {
        tier == .telemetry ? nil : behavior.capabilities(of: tier)
    }

    public func start(context: CallContext) async throws(StoreError) {}

    public func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        try context.check("ping")
        return BackendStatus(version: "1")
    }

    public func shutdown() async {}
}
