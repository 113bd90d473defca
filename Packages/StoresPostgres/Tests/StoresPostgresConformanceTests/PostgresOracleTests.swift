import Foundation
import StoresConformance
import StoresCore
import StoresPostgres
import Testing

/// F9: generated filters mean on the server what they mean in memory.
@Suite(.enabled(if: Server.url != nil, Server.skipped))
struct PostgresOracleTests {
    @Test(arguments: [Tier.vector, .memory, .search])
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier) async throws {
        let settings = try OracleSettings(environment: ProcessInfo.processInfo.environment)
        for seed in settings.seeds {
            try await Server.with(tier: tier) { subject in
                var subject = subject
                subject.nativeQuery = { try? StoresPostgres.nativeQuery(for: $0) }
                let report = try await Oracle.run(subject, tier: tier, seed: seed, cases: settings.cases)
                #expect(report.isPassing, "\(report.text)")
                #expect(report.cases == settings.cases)
            }
        }
    }
}
