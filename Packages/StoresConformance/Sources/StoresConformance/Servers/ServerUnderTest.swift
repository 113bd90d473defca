public import StoresCore

/// A server that the environment names, for the tests of its adapter.
///
/// ```swift
/// let server = ServerUnderTest(
///     StoresQdrant.self, named: "qdrant", service: "qdrant-peer", environment: ProcessInfo.processInfo.environment)
///
/// @Suite(.enabled(if: server.isNamed, "\(server.skipped)")) struct QdrantConformanceTests {
///     @Test(arguments: Conformance.cases(for: .vector)) func keeps(_ test: ConformanceCase) async throws {
///         let report = try await server.run(test)
///         #expect(report.isPassing, "\(report.text)")
///     }
/// }
/// ```
public struct ServerUnderTest: Sendable {
    public let adapter: any StoreAdapter.Type
    /// The value of `STORE_<TIER>`.
    public let name: String
    /// What the environment says of the adapter's variables.
    public let settings: [String: String]
    /// Whether the environment names a server.
    public let isNamed: Bool
    /// What to say of tests that are skipped without one.
    public let skipped: String
    private let description: AdapterDescription?
    private let environment: [String: String]

    /// - Parameters:
    ///   - name: One of the adapter's names.
    ///   - service: Its name for `scripts/services`.
    public init(
        _ adapter: any StoreAdapter.Type, named name: String, service: String, environment: [String: String]
    ) {
        self.adapter = adapter
        self.name = name
        self.environment = environment
        let description = adapter.descriptions.first { $0.name == name }
        let variables = description?.settings.map(\.variable) ?? []
        settings = environment.filter { variables.contains($0.key) }
        let variable = description?.endpointVariable ?? ""
        isNamed = settings[variable]?.isEmpty == false
        skipped = "\(variable) names no server: scripts/services start \(service)"
        self.description = description
    }

    /// The URL of the server; empty when none is named.
    public var url: String { description?.endpointVariable.flatMap { settings[$0] } ?? "" }

    public var tiers: Set<Tier> { Set(description?.tiers.keys.map(\.self) ?? []) }

    // MARK: Contracts

    /// One case, under a prefix of its own.
    public func run(_ test: ConformanceCase) async throws -> Report {
        try await withSubject([test.tier]) { subject in await Conformance.run(subject) { $0.id == test.id } }
    }

    /// The filter oracle (F9), for each seed that the environment asks for; see ``OracleSettings``.
    public func oracle(_ tier: Tier) async throws -> [OracleReport] {
        let wanted = try OracleSettings(environment: environment)
        var reports: [OracleReport] = []
        for seed in wanted.seeds {
            reports.append(
                try await withSubject([tier]) { subject in
                    try await Oracle.run(subject, tier: tier, seed: seed, cases: wanted.cases)
                })
        }
        return reports
    }

    /// Opens tiers for the cases of the contracts.
    public func withSubject<T>(
        _ tiers: Set<Tier>, _ body: (ConformanceSubject) async throws -> T
    ) async throws -> T {
        try await ConformanceSubject.with(
            adapter, named: name, tiers: tiers, settings: settings, prefix: Self.freshName(), body)
    }

    // MARK: Tests of the adapter's own

    /// Opens the adapter's tiers as an application would.
    ///
    /// - Parameter more: Further settings, or other values of them.
    public func withStores<T>(
        _ more: [String: String] = [:], _ body: (Stores) async throws -> T
    ) async throws -> T {
        var registry = AdapterRegistry()
        registry.register(adapter)
        let selection = Dictionary(uniqueKeysWithValues: tiers.map { ($0.variable, name) })
        let environment = settings.merging(more) { $1 }.merging(selection) { $1 }
        return try await Stores.withOpen(registry: registry, environment: environment, body)
    }

    /// Makes a vector collection of a fresh name, and drops it in the end.
    public func withCollection<T>(
        dimensions: Int = 3, metric: VectorMetric = .euclidean, fields: [FieldDefinition] = [],
        _ body: (VectorCollection, Stores) async throws -> T
    ) async throws -> T {
        try await withStores { stores in
            let name = Self.freshName()
            let collection = try await stores.vector.collection(
                name, dimensions: dimensions, metric: metric, fields: fields)
            do {
                let result = try await body(collection, stores)
                _ = try await stores.vector.dropCollection(name, confirming: name)
                return result
            } catch {
                _ = try? await stores.vector.dropCollection(name, confirming: name)
                throw error
            }
        }
    }

    /// A name that no other run uses: `t` and 16 hexadecimal digits.
    public static func freshName() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return "t" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
