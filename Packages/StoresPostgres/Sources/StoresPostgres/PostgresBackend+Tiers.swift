public import StoresCore

extension PostgresBackend {
    /// Facts are compared by their embeddings with pgvector's operators: without it they are recalled by text alone.
    public func capabilities(of tier: Tier) -> TierCapabilities? {
        guard var capabilities = StoresPostgres.tiers[tier] else { return nil }
        if tier == .memory, pool.types.vector == nil { capabilities.features.remove(.memory(.recallByVector)) }
        return capabilities
    }

    public var vector: (any VectorDriver)? { PostgresVectorDriver(backend: self) }
    public var memory: (any MemoryDriver)? { PostgresMemoryDriver(backend: self) }
    public var session: (any SessionDriver)? { PostgresSessionDriver(backend: self) }
    public var event: (any EventDriver)? { PostgresEventDriver(backend: self) }
    public var search: (any SearchDriver)? { PostgresSearchDriver(backend: self) }
}
