import Foundation
import StoresConformance
import StoresCore
import StoresPostgres
import Testing

/// The server that POSTGRES_URL names; the tests are skipped without one.
enum Server {
    static let url = ProcessInfo.processInfo.environment["POSTGRES_URL"]
    static let skipped: Comment = "POSTGRES_URL names no server: scripts/services start postgres, then env"

    /// A schema of one's own, so that cases do not see each other's data; dropped by nobody: the server is the tests'.
    static var settings: [String: String] {
        let schema = "test_\(UUID().uuidString.lowercased().prefix(8))"
        return ["POSTGRES_URL": url ?? "", "POSTGRES_SCHEMA": schema, "POSTGRES_POOL_SIZE": "4"]
    }
}

/// One test for each case of the contracts; each has a schema of its own.
@Suite(.enabled(if: Server.url != nil, Server.skipped))
struct PostgresConformanceTests {
    static let tiers: Set<Tier> = Set(StoresPostgres.descriptions.flatMap(\.tiers.keys))

    @Test(arguments: Tier.stores.filter(tiers.contains).flatMap(Conformance.cases(for:)))
    func keeps(_ test: ConformanceCase) async throws {
        try await ConformanceSubject.with(
            StoresPostgres.self, named: "postgres", tiers: [test.tier], settings: Server.settings
        ) { subject in
            let report = await Conformance.run(subject) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }
}
