/// How the in-memory stores behave. By default perfectly; an application's tests can make them behave as backends do.
public struct InMemoryBehavior: Sendable {
    /// How long after a write queries see it, by the injected clock (vector and search).
    public var visibilityDelay: Duration
    /// Limits to declare and keep, for example `[.batchCount: 100]`.
    public var limits: [Limit: Int]
    /// Capabilities to do without.
    public var missing: Set<Capability>
    /// What is to fail.
    public var faults: FaultPlan?

    public init(
        visibilityDelay: Duration = .zero, limits: [Limit: Int] = [:], missing: Set<Capability> = [],
        faults: FaultPlan? = nil
    ) {
        self.visibilityDelay = visibilityDelay
        self.limits = limits
        self.missing = missing
        self.faults = faults
    }

    /// What the in-memory driver of a tier declares under this behaviour.
    public func capabilities(of tier: Tier) -> TierCapabilities {
        .all(of: tier, except: missing.union([.event(.retention), .artifact(.presign)]), limits: limits)
    }
}
