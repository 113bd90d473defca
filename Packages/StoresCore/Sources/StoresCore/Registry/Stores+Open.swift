public import Configuration
import CoreMetrics
import Logging
import Tracing

extension Stores {
    /// Opens what the environment selects: `STORE_VECTOR`, `STORE_MEMORY`, `STORE_SESSION`, `STORE_ARTIFACT`,
    /// `STORE_EVENT`, `STORE_SEARCH`, `STORE_TELEMETRY`. An unset tier is in-memory.
    ///
    /// All tiers are probed at once; when anything fails, nothing stays open.
    ///
    /// - Parameters:
    ///   - environment: An argument: a library never reads the process's own (R5).
    ///   - requiring: What the application can't do without, for example `[.event(.conditionalAppend)]`.
    /// - Throws: One error with every failure: tier, variable, redacted endpoint, phase, remedy (X10).
    public static func open(
        registry: AdapterRegistry = AdapterRegistry(), environment: [String: String], requiring: [Capability] = [],
        options: StoresOptions = StoresOptions()
    ) async throws(StoreError) -> Stores {
        let configuration = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
        return try await open(
            TierSelection(
                registry: registry, configuration: configuration, variables: Array(environment.keys), options: options),
            registry: registry, requiring: requiring)
    }

    /// Opens what a swift-configuration reader selects: the key `store.vector` is the variable `STORE_VECTOR`, and so
    /// for all settings.
    public static func open(
        registry: AdapterRegistry = AdapterRegistry(), configuration: ConfigReader, requiring: [Capability] = [],
        options: StoresOptions = StoresOptions()
    ) async throws(StoreError) -> Stores {
        try await open(
            TierSelection(registry: registry, configuration: configuration, variables: nil, options: options),
            registry: registry, requiring: requiring)
    }

    /// Opens, runs the body, and shuts down in any case.
    public static func withOpen<T>(
        registry: AdapterRegistry = AdapterRegistry(), environment: [String: String], requiring: [Capability] = [],
        options: StoresOptions = StoresOptions(), _ body: (Stores) async throws -> T
    ) async throws -> T {
        let stores = try await open(
            registry: registry, environment: environment, requiring: requiring, options: options)
        do {
            let result = try await body(stores)
            await stores.shutdown()
            return result
        } catch {
            await stores.shutdown()
            throw error
        }
    }

    /// Probes what the environment selects and opens nothing: what `stores doctor` shows.
    public static func probe(
        registry: AdapterRegistry, environment: [String: String], requiring: [Capability] = [],
        options: StoresOptions = StoresOptions()
    ) async -> StartupReport {
        let configuration = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: environment))
        let selection = TierSelection(
            registry: registry, configuration: configuration, variables: Array(environment.keys), options: options)
        let backends = BackendSet(options: selection.options)
        let report = await backends.start(selection, requiring: requiring, registry: registry)
        await backends.shutdown()
        return report
    }

    private static func open(_ selection: TierSelection, registry: AdapterRegistry, requiring: [Capability])
        async throws(StoreError) -> Stores
    {
        // A wrong configuration fails before any connection is made.
        let backends = BackendSet(options: selection.options)
        let report = await backends.start(selection, requiring: requiring, registry: registry)
        if let error = report.error {
            await backends.shutdown()
            throw error
        }
        do throws(StoreError) {
            return try backends.stores(selection, report: report, registry: registry)
        } catch {
            await backends.shutdown()
            throw error
        }
    }
}
