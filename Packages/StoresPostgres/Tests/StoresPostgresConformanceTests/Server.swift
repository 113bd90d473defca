import CLibPQ
import Foundation
import StoresConformance
import StoresCore
import StoresPostgres
import Testing

/// The servers that the tests run on, by the variables that name them; without one its tests are skipped.
enum Server: String {
    /// Postgres 18, without TLS.
    case postgres = "POSTGRES_URL"
    /// Postgres 15, over TLS.
    case postgres15 = "POSTGRES15_URL"

    var url: String? { ProcessInfo.processInfo.environment[rawValue] }

    var isNamed: any SuiteTrait {
        .enabled(if: url != nil, "\(rawValue) names no server: scripts/services start \(self), then env")
    }

    /// Each case of the contracts, of each tier, is a test.
    static let cases = tiers.flatMap(Conformance.cases(for:))
    private static let tiers = Tier.stores.filter(Set(StoresPostgres.descriptions.flatMap(\.tiers.keys)).contains)

    func keeps(_ test: ConformanceCase) async throws {
        // A transaction is over all tiers that are open.
        try await with(test.rule == "X12" ? Set(Self.tiers) : [test.tier]) { subject in
            let report = await Conformance.run(subject) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }

    /// F9: generated filters mean on the server what they mean in memory.
    func filtersMeanWhatTheyMeanInMemory(_ tier: Tier) async throws {
        let settings = try OracleSettings(environment: ProcessInfo.processInfo.environment)
        for seed in settings.seeds {
            try await with([tier]) { subject in
                var subject = subject
                subject.nativeQuery = { try? StoresPostgres.nativeQuery(for: $0) }
                let report = try await Oracle.run(subject, tier: tier, seed: seed, cases: settings.cases)
                #expect(report.isPassing, "\(report.text)")
                #expect(report.cases == settings.cases)
            }
        }
    }

    /// Opens tiers in a schema of their own, so that cases do not see each other's data, and drops it at the end.
    private func with(_ tiers: Set<Tier>, _ body: (ConformanceSubject) async throws -> Void) async throws {
        let schema = "test_\(UUID().uuidString.lowercased().prefix(12))"
        let settings = ["POSTGRES_URL": url ?? "", "POSTGRES_SCHEMA": schema, "POSTGRES_POOL_SIZE": "4"]
        do {
            try await ConformanceSubject.with(
                StoresPostgres.self, named: "postgres", tiers: tiers, settings: settings, body)
        } catch {
            try? await Self.drop(schema, settings)
            throw error
        }
        try await Self.drop(schema, settings)
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
