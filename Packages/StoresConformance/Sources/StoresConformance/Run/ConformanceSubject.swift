public import StoresCore

/// The stores under test, and what the cases need to know to handle them.
public struct ConformanceSubject: Sendable {
    /// Opened; the cases leave them open.
    public var stores: Stores
    /// The tiers to test. The others may be anything.
    public var tiers: Set<Tier>
    /// Moves the clock that was injected when the stores were opened. Nil: expiry is measured by real time, and the
    /// cases sleep.
    public var advance: (@Sendable (Duration) async throws -> Void)?
    /// Opens the same configuration once more, as after a restart. The case shuts down what it gets.
    public var reopen: (@Sendable () async throws -> Stores)?
    /// Another process's view on the same data. The run shuts it down at the end.
    public var second: (@Sendable () async throws -> Stores)?
    /// Starts every name that the cases make; 1 to 32 bytes of `a-z`, `0-9` and `-`, different for each run. What was
    /// made is removed at the end of its case.
    public var prefix: String
    /// By case id: why this store is excused.
    public var waivers: [String: String]
    /// What the adapter makes of a filter, for the report of a divergence.
    public var nativeQuery: (@Sendable (Filter) -> String?)?
    /// The adapters that the application links, for the cases of selection and configuration.
    public var registry: AdapterRegistry
    /// How long one case may take before it counts as failed.
    public var caseTimeout: Duration

    public init(
        stores: Stores, tiers: Set<Tier>, advance: (@Sendable (Duration) async throws -> Void)? = nil,
        reopen: (@Sendable () async throws -> Stores)? = nil, second: (@Sendable () async throws -> Stores)? = nil,
        prefix: String, waivers: [String: String] = [:], nativeQuery: (@Sendable (Filter) -> String?)? = nil,
        registry: AdapterRegistry = AdapterRegistry(), caseTimeout: Duration = .seconds(120)
    ) {
        self.stores = stores
        self.tiers = tiers
        self.advance = advance
        self.reopen = reopen
        self.second = second
        self.prefix = prefix
        self.waivers = waivers
        self.nativeQuery = nativeQuery
        self.registry = registry
        self.caseTimeout = caseTimeout
    }

    /// What the store of a tier says of itself.
    public func adapter(of tier: Tier) -> String {
        switch tier {
        case .vector: stores.vector.adapter
        case .memory: stores.memory.adapter
        case .session: stores.session.adapter
        case .artifact: stores.artifact.adapter
        case .event: stores.event.adapter
        case .search: stores.search.adapter
        case .telemetry: ""
        }
    }

    public func capabilities(of tier: Tier) -> TierCapabilities {
        switch tier {
        case .vector: stores.vector.capabilities
        case .memory: stores.memory.capabilities
        case .session: stores.session.capabilities
        case .artifact: stores.artifact.capabilities
        case .event: stores.event.capabilities
        case .search: stores.search.capabilities
        case .telemetry: TierCapabilities([])
        }
    }

    func declares(_ capability: Capability) -> Bool { capabilities(of: capability.tier).contains(capability) }
}
