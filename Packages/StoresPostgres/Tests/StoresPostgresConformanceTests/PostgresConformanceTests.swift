import StoresConformance
import StoresCore
import Testing

/// The contracts and the oracle on Postgres 18.
@Suite(Server.postgres.isNamed)
struct PostgresConformanceTests {
    @Test(arguments: Server.cases)
    func keeps(_ test: ConformanceCase) async throws { try await Server.postgres.keeps(test) }

    @Test(arguments: [Tier.vector, .memory, .search])
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier) async throws {
        try await Server.postgres.filtersMeanWhatTheyMeanInMemory(tier)
    }
}

/// The same on Postgres 15, over TLS.
@Suite(Server.postgres15.isNamed)
struct Postgres15ConformanceTests {
    @Test(arguments: Server.cases)
    func keeps(_ test: ConformanceCase) async throws { try await Server.postgres15.keeps(test) }

    @Test(arguments: [Tier.vector, .memory, .search])
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier) async throws {
        try await Server.postgres15.filtersMeanWhatTheyMeanInMemory(tier)
    }
}
