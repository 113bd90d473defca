#if SQLite
public import StoresCore

/// All six tiers in one SQLite file: `registry.register(StoresSQLite.self)`, then `STORE_VECTOR=sqlite` and so on.
///
/// The file may be shared by several processes of one machine. It is not for network file systems.
public enum StoresSQLite: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "sqlite", package: "StoresSQLite",
            summary: "All six tiers in one SQLite file; no server.", systemName: "sqlite", tiers: tiers,
            settings: SQLiteConfiguration.settings, endpointVariable: "SQLITE_PATH")
    ]

    static let tiers: [Tier: TierCapabilities] = [
        .vector: .all(of: .vector, limits: batches),
        .memory: .all(of: .memory, limits: batches),
        .session: .all(of: .session),
        .artifact: .all(of: .artifact, except: [.artifact(.presign)]),
        .event: .all(of: .event, except: [.event(.retention)]),
        .search: .all(of: .search, limits: batches),
    ]

    // One batch is one transaction, which keeps other writers waiting: bounded.
    private static let batches: [Limit: Int] = [.batchCount: 5000, .batchBytes: 64 << 20]

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        SQLiteBackend(try SQLiteConfiguration(context.settings), context: context)
    }
}
#else
public import StoresCore

/// The SQLite adapter, left out of this build.
@available(
    *, unavailable,
    message: "StoresSQLite needs the package trait 'SQLite': .package(url: ..., from: ..., traits: [\"SQLite\"])"
)
public enum StoresSQLite: StoreAdapter {
    public static let descriptions: [AdapterDescription] = []

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        throw StoreError(.unsupported, "StoresSQLite needs the package trait 'SQLite'", applied: .no)
    }
}
#endif
