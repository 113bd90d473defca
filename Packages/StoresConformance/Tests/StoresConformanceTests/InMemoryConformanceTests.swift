import StoresConformance
import StoresCore
import Testing

@Suite struct InMemoryConformanceTests {
    @Test(arguments: Tier.stores)
    func inMemoryStoresKeepTheContracts(_ tier: Tier) async throws {
        let report = try await InMemorySubject.with(tiers: [tier]) { await Conformance.run($0) }
        #expect(report.isPassing, "\(report.text)")
        #expect(report.results.count == Conformance.cases(for: tier).count)
    }
}
