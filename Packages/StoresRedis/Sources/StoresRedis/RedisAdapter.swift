public import StoresCore

/// Session and event stores on Redis, Valkey or KeyDB: `registry.register(StoresRedis.self)`, then
/// `STORE_SESSION=redis` and so on.
public enum StoresRedis: StoreAdapter {
    public static let descriptions = RedisFlavor.allCases.map { flavor in
        AdapterDescription(
            name: flavor.rawValue, package: "StoresRedis", summary: summary(flavor), systemName: "redis",
            tiers: tiers, settings: RedisConfiguration.settings(flavor), composeService: flavor.rawValue,
            composeProfile: flavor == .redis ? nil : "cache-alt", endpointVariable: flavor.variable("URL"))
    }

    static let tiers: [Tier: TierCapabilities] = [
        .session: .all(of: .session, limits: [.batchCount: 1000, .batchBytes: 16 << 20, .valueBytes: 256 << 20]),
        // A script keeps everybody else waiting: bounded.
        .event: .all(
            of: .event, limits: [.batchCount: 1000, .batchBytes: 16 << 20, .eventBytes: 16 << 20, .queryLimit: 10_000]),
    ]

    private static func summary(_ flavor: RedisFlavor) -> String {
        switch flavor {
        case .redis: "Sessions, cache and event streams on Redis 6.2 or later."
        case .valkey: "Sessions, cache and event streams on Valkey."
        case .keydb: "Sessions, cache and event streams on KeyDB 6.3."
        }
    }

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        guard let flavor = RedisFlavor(rawValue: context.name) else {
            throw .invalidArgument("StoresRedis has no adapter \(Redaction.name(context.name))")
        }
        return try RedisBackend(RedisConfiguration(context.settings, flavor: flavor), context: context)
    }
}
