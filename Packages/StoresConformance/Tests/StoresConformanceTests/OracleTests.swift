import StoresConformance
import StoresCore
import Testing

@Suite struct OracleTests {
    @Test(arguments: [Tier.vector, .memory, .search])
    func theInMemoryStoresAgreeWithThemselves(_ tier: Tier) async throws {
        let report = try await InMemorySubject.with(tiers: [tier]) {
            try await Oracle.run($0, tier: tier, seed: 42, cases: 600)
        }
        #expect(report.isPassing, "\(report.text)")
        #expect(report.cases == 600)
        // Filters that match all or nothing prove little.
        #expect(report.selective > 200, "\(report.selective)")
    }

    @Test func theSameSeedMakesTheSameRun() async throws {
        var reports: [OracleReport] = []
        for seed in [7, 7, 8] as [UInt64] {
            reports.append(
                try await InMemorySubject.with(tiers: [.memory]) {
                    try await Oracle.run($0, tier: .memory, seed: seed, cases: 200)
                })
        }
        #expect(reports[0].selective == reports[1].selective)
        #expect(reports[0].selective != reports[2].selective)
    }

    @Test func withoutNestedFieldsThereAreNoNestedPaths() async throws {
        let behavior = InMemoryBehavior(
            limits: [.filterOperands: 2], missing: [.vector(.nestedFields), .vector(.filteredScroll)])
        let report = try await InMemorySubject.with(behavior: behavior, tiers: [.vector]) {
            try await Oracle.run($0, tier: .vector, seed: 3, cases: 300)
        }
        #expect(report.isPassing, "\(report.text)")
        #expect(report.selective > 100)
    }
}
