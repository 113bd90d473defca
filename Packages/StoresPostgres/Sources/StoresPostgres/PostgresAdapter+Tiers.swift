import StoresCore

extension StoresPostgres {
    /// What each tier can do; all of them together in one transaction.
    static let tiers = Dictionary(
        uniqueKeysWithValues: alone.map { tier, capabilities in
            (
                tier,
                TierCapabilities(
                    capabilities.features.union([.sharedTransactions(tier)]), limits: capabilities.limits)
            )
        })

    private static let alone: [Tier: TierCapabilities] = [
        .vector: .all(
            of: .vector, except: [.vector(.exactQuery)], limits: batches.merging([.dimensions: 16_000]) { $1 }),
        .memory: .all(of: .memory, limits: batches),
        .session: .all(
            of: .session, limits: batches.merging([.valueBytes: 256 << 20, .transactionCount: 10_000]) { $1 }),
        .event: .all(of: .event, except: [.event(.retention)], limits: batches.merging([.eventBytes: 64 << 20]) { $1 }),
        .search: .all(of: .search, limits: batches),
    ]

    // One batch is one transaction, and in memory on both sides: bounded.
    private static let batches: [Limit: Int] = [.batchCount: 10_000, .batchBytes: 64 << 20]

    /// The parts of the schema that the tiers need.
    static func migrations(_ tiers: Set<Tier>) -> [PostgresMigrations] {
        Tier.stores.compactMap { tier -> PostgresMigrations? in
            guard tiers.contains(tier) else { return nil }
            return switch tier {
            case .session: .session
            case .event: .event
            case .vector: .vector
            case .memory: .memory
            case .search: .search
            case .artifact, .telemetry: nil
            }
        }
    }
}
