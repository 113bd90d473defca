import Foundation
import StoresConformance
import StoresCore
import StoresPostgres
import Testing

/// F9: generated filters mean on the server what they mean in memory.
@Suite(.enabled(if: Server.url != nil, Server.skipped))
struct PostgresOracleTests {
    /// More cases: `STORES_ORACLE_CASES=10000`.
    private static let cases = ProcessInfo.processInfo.environment["STORES_ORACLE_CASES"].flatMap { Int($0) } ?? 500

    @Test(arguments: [Tier.vector, .memory, .search], [1, 2, 3] as [UInt64])
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier, _ seed: UInt64) async throws {
        try await ConformanceSubject.with(
            StoresPostgres.self, named: "postgres", tiers: [tier], settings: Server.settings
        ) { subject in
            var subject = subject
            subject.nativeQuery = { try? StoresPostgres.nativeQuery(for: $0) }
            let report = try await Oracle.run(subject, tier: tier, seed: seed, cases: Self.cases)
            #expect(report.isPassing, "\(report.text)")
            #expect(report.cases == Self.cases)
        }
    }
}
