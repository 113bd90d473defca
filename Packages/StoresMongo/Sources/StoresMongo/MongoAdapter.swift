public import StoresCore

/// Memory, session and event stores on MongoDB: `registry.register(StoresMongo.self)`, then `STORE_SESSION=mongodb` and
/// so on.
public enum StoresMongo: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "mongodb", package: "StoresMongo",
            summary: "Facts, sessions and event streams on MongoDB 4.4 or later.", systemName: "mongodb", tiers: tiers,
            settings: MongoConfiguration.settings, composeService: "mongodb", composeProfile: "memory-alt",
            endpointVariable: "MONGODB_URL")
    ]

    /// A document has at most 16 MiB: what is kept in one is bounded to leave room for the rest of it.
    static let tiers: [Tier: TierCapabilities] = [
        .memory: .all(
            of: .memory,
            limits: [.batchCount: 1000, .batchBytes: 8 << 20, .valueBytes: 4 << 20, .queryLimit: 10_000]),
        .session: .all(
            of: .session, except: [.session(.transactions)],
            limits: [.batchCount: 1000, .batchBytes: 8 << 20, .valueBytes: 15 << 20]),
        .event: .all(
            of: .event, except: [.event(.retention)],
            limits: [
                .batchCount: 1000, .batchBytes: 15 << 20, .eventBytes: 15 << 20, .valueBytes: 15 << 20,
                .queryLimit: 10_000,
            ]),
    ]

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        try MongoBackend(MongoConfiguration(context.settings), context: context)
    }
}
