public import StoresCore

/// Postgres, over libpq: `registry.register(StoresPostgres.self)`, then `STORE_SESSION=postgres` and so on.
public enum StoresPostgres: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "postgres", package: "StoresPostgres",
            summary: "PostgreSQL 13 and later, over libpq in pipeline mode.", systemName: "postgresql", tiers: tiers,
            settings: PostgresConfiguration.settings, composeService: "postgres", endpointVariable: "POSTGRES_URL")
    ]

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        let configuration = try PostgresConfiguration(context.settings)
        try configuration.validate()
        return PostgresBackend(configuration, context: context)
    }
}
