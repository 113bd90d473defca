public import StoresCore

/// The contracts as runnable cases.
///
/// An adapter's tests run one test for each case:
///
/// ```swift
/// import StoresConformance
/// import StoresCore
/// import StoresSQLite
/// import Testing
///
/// @Suite struct ConformanceTests {
///     @Test(arguments: Conformance.cases(for: .session))
///     func session(_ test: ConformanceCase) async throws {
///         let clock = ManualStoreClock()
///         var registry = AdapterRegistry()
///         registry.register(StoresSQLite.self)
///         let environment = ["STORE_SESSION": "sqlite", "SQLITE_PATH": path]
///         try await Stores.withOpen(
///             registry: registry, environment: environment, options: StoresOptions(clock: clock)
///         ) { stores in
///             let subject = ConformanceSubject(
///                 stores: stores, tiers: [.session], advance: { clock.advance(by: $0) },
///                 reopen: { try await Stores.open(registry: registry, environment: environment) },
///                 prefix: "test")
///             let report = await Conformance.run(subject) { $0.id == test.id }
///             #expect(report.isPassing, "\(report.text)")
///         }
///     }
/// }
/// ```
///
/// A case that does not apply, since its capability is not declared, brings the negative cases of that capability
/// with it, also when they were not asked for.
public enum Conformance {
    /// Every case of every tier.
    public static let all: [ConformanceCase] = Tier.stores.flatMap(cases(for:))

    /// The cases of a tier, in the order in which they run.
    public static func cases(for tier: Tier) -> [ConformanceCase] {
        switch tier {
        case .vector: VectorCases.all
        case .memory: MemoryCases.all
        case .session: SessionCases.all
        case .artifact: ArtifactCases.all
        case .event: EventCases.all
        case .search: SearchCases.all
        case .telemetry: []
        }
    }

    /// The rules of the contracts that hold for a tier and that a store can be tested for from outside. X3 and X7 are
    /// work of the core alone and proven by its own tests; R2, R5 and R6 are proven by the consumer fixtures.
    public static func rules(for tier: Tier) -> [String] {
        let common = ["X1", "X2", "X4", "X5", "X6", "X8", "X9", "X10", "X11", "R1", "R3", "R4"]
        let shared = common + ["X12"]
        let filters = (1...9).map { "F\($0)" }
        return switch tier {
        case .vector: shared + (1...14).map { "V\($0)" } + filters
        case .memory: shared + (1...7).map { "M\($0)" } + filters
        case .session: shared + (1...10).map { "S\($0)" }
        case .artifact: common + (1...11).map { "A\($0)" }
        case .event: shared + (1...11).map { "E\($0)" }
        case .search: shared + (1...4).map { "T\($0)" } + filters
        case .telemetry: []
        }
    }

    /// Runs the cases of the subject's tiers, one after the other.
    ///
    /// - Parameters:
    ///   - only: Which cases to run; all by default.
    ///   - progress: Told of each result as it comes.
    public static func run(
        _ subject: ConformanceSubject, only: (ConformanceCase) -> Bool = { _ in true },
        progress: ((ConformanceResult) -> Void)? = nil
    ) async -> Report {
        var runner = ConformanceRunner(subject: subject)
        return await runner.run(only: only, progress: progress)
    }
}
