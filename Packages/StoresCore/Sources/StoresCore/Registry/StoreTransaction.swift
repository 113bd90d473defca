/// The stores of one transaction: what is called on them happens in whole or not at all. Not to be kept beyond the body
/// that they are given to. See ``Stores/transaction(over:deadline:_:)``.
public struct StoreTransaction: Sendable {
    public let vector: VectorStore
    public let memory: MemoryStore
    public let session: SessionStore
    public let event: EventStore
    public let search: SearchStore

    /// - Parameter gate: Lets one call through at a time, until the transaction ends.
    init(_ stores: Stores, over tiers: Set<Tier>, drivers: TransactionDrivers, gate: CallGate, until end: Deadline) {
        func bound<Driver>(_ runtime: TierRuntime, _ driver: Driver?, _ ordinary: Driver) -> (TierRuntime, Driver) {
            guard tiers.contains(runtime.tier), let driver else {
                return (runtime.within(Self.refusal(of: runtime.tier), until: end, without: []), ordinary)
            }
            // A subscriber would wait for what this transaction itself holds back.
            return (runtime.within(gate, until: end, without: [.event(.globalOrder)]), driver)
        }
        let vector = bound(stores.vector.runtime, drivers.vector, stores.vector.driver)
        let memory = bound(stores.memory.runtime, drivers.memory, stores.memory.driver)
        let session = bound(stores.session.runtime, drivers.session, stores.session.driver)
        let event = bound(stores.event.runtime, drivers.event, stores.event.driver)
        let search = bound(stores.search.runtime, drivers.search, stores.search.driver)
        self.vector = VectorStore(runtime: vector.0, driver: vector.1)
        self.memory = MemoryStore(runtime: memory.0, driver: memory.1)
        self.session = SessionStore(runtime: session.0, driver: session.1)
        self.event = EventStore(runtime: event.0, driver: event.1)
        self.search = SearchStore(runtime: search.0, driver: search.1)
    }

    private static func refusal(of tier: Tier) -> CallGate {
        let gate = CallGate(
            limit: 1,
            closedError: StoreError(
                .invalidArgument, "the \(tier.rawValue) tier takes no part in this transaction",
                remedy: "name it: transaction(over: [.\(tier.rawValue), …])", applied: .no, isLocal: true))
        _ = gate.close()
        return gate
    }

    static let ended = StoreError(
        .invalidArgument, "the transaction has ended",
        remedy: "use its stores only within the body that they are given to, and await every call there",
        applied: .no, isLocal: true)
}
