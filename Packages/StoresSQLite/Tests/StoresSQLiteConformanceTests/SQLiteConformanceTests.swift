#if SQLite
import Foundation
import StoresConformance
import StoresCore
import StoresSQLite
import Testing

/// One test for each case of the contracts; each has a file of its own.
@Suite struct SQLiteConformanceTests {
    @Test(arguments: Tier.stores.flatMap(Conformance.cases(for:)))
    func keeps(_ test: ConformanceCase) async throws {
        try await withSubject(tier: test.tier) { subject in
            let report = await Conformance.run(subject) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }

    /// F9.
    @Test(arguments: [Tier.vector, .memory, .search])
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier) async throws {
        let settings = try OracleSettings(environment: ProcessInfo.processInfo.environment)
        for seed in settings.seeds {
            try await withSubject(tier: tier) { subject in
                let report = try await Oracle.run(subject, tier: tier, seed: seed, cases: settings.cases)
                #expect(report.isPassing, "\(report.text)")
                #expect(report.cases == settings.cases)
            }
        }
    }

    private func withSubject(tier: Tier, _ body: (ConformanceSubject) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sqlite-conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = ["SQLITE_PATH": folder.appending(path: "stores.sqlite").path]
        try await ConformanceSubject.with(
            StoresSQLite.self, named: "sqlite", tiers: [tier], settings: settings, body)
    }
}
#endif
