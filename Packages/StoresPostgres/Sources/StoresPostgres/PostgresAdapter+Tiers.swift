import StoresCore

extension StoresPostgres {
    /// What each tier can do.
    static let tiers: [Tier: TierCapabilities] = [
        .session: .all(of: .session)
    ]

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
