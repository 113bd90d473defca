/// What a backend implements whose tiers can share a transaction; it declares the capability `sharedTransactions` for
/// each tier that takes part.
public protocol TransactionalBackend: StoreBackend {
    /// Begins a transaction, and commits it when the body returns; rolls it back when the body throws or its task is
    /// cancelled.
    ///
    /// - Parameter body: Gets drivers whose calls all belong to the transaction, and makes one call at a time. A call
    ///   that fails leaves nothing behind, and what was done before it stands.
    /// - Throws: What the body throws. When it is not known whether the commit took effect, `unavailable` with
    ///   `applied: .unknown`.
    func transaction<T: Sendable>(
        context: CallContext, _ body: (TransactionDrivers) async throws(StoreError) -> T
    ) async throws(StoreError) -> T
}

/// The drivers of one transaction; nil for a tier that takes no part.
public struct TransactionDrivers: Sendable {
    public var vector: (any VectorDriver)?
    public var memory: (any MemoryDriver)?
    public var session: (any SessionDriver)?
    public var event: (any EventDriver)?
    public var search: (any SearchDriver)?

    public init(
        vector: (any VectorDriver)? = nil, memory: (any MemoryDriver)? = nil, session: (any SessionDriver)? = nil,
        event: (any EventDriver)? = nil, search: (any SearchDriver)? = nil
    ) {
        self.vector = vector
        self.memory = memory
        self.session = session
        self.event = event
        self.search = search
    }
}
