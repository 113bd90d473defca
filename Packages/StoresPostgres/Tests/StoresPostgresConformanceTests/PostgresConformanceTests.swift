import CLibPQ
import Foundation
import StoresConformance
import StoresCore
import StoresPostgres
import Testing

/// The server that POSTGRES_URL names; the tests are skipped without one.
enum Server {
    static let url = ProcessInfo.processInfo.environment["POSTGRES_URL"]
    static let skipped: Comment = "POSTGRES_URL names no server: scripts/services start postgres, then env"

    /// Opens a tier in a schema of its own, so that cases do not see each other's data, and drops it at the end.
    static func with(tier: Tier, _ body: (ConformanceSubject) async throws -> Void) async throws {
        let schema = "test_\(UUID().uuidString.lowercased().prefix(12))"
        let settings = ["POSTGRES_URL": url ?? "", "POSTGRES_SCHEMA": schema, "POSTGRES_POOL_SIZE": "4"]
        do {
            try await ConformanceSubject.with(
                StoresPostgres.self, named: "postgres", tiers: [tier], settings: settings, body)
        } catch {
            try? await drop(schema, settings)
            throw error
        }
        try await drop(schema, settings)
    }

    private static func drop(_ schema: String, _ values: [String: String]) async throws {
        let descriptions = StoresPostgres.descriptions.flatMap(\.settings)
        let settings = try Settings(descriptions) { values[$0.variable] }
        let backend = try StoresPostgres.open(AdapterContext(name: "postgres", tiers: [], settings: settings))
        let pool = try #require(backend.native as? PostgresPool)
        let isDropped = try await pool.withPGconn(deadline: .after(.seconds(20))) { connection in
            let result = PQexec(connection, "DROP SCHEMA IF EXISTS \"\(schema)\" CASCADE")
            defer { PQclear(result) }
            return PQresultStatus(result) == PGRES_COMMAND_OK
        }
        await backend.shutdown()
        #expect(isDropped)
    }
}

/// One test for each case of the contracts; each has a schema of its own.
@Suite(.enabled(if: Server.url != nil, Server.skipped))
struct PostgresConformanceTests {
    static let tiers: Set<Tier> = Set(StoresPostgres.descriptions.flatMap(\.tiers.keys))

    @Test(arguments: Tier.stores.filter(tiers.contains).flatMap(Conformance.cases(for:)))
    func keeps(_ test: ConformanceCase) async throws {
        try await Server.with(tier: test.tier) { subject in
            let report = await Conformance.run(subject) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }
}
