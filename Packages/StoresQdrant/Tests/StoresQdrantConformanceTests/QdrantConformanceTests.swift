#if HTTP
import Foundation
import StoresQdrant
import StoresConformance
import StoresCore
import Testing

/// One test for each case of the contracts, on the server that QDRANT_URL names; each makes collections of its own.
@Suite(.enabled(if: QdrantServer.url != nil, "QDRANT_URL names no server: scripts/services start qdrant-peer"))
struct QdrantConformanceTests {
    @Test(arguments: Conformance.cases(for: .vector))
    func keeps(_ test: ConformanceCase) async throws {
        try await withSubject { subject in
            let report = await Conformance.run(subject) { $0.id == test.id }
            #expect(report.isPassing, "\(report.text)")
        }
    }

    /// F9.
    @Test func filtersMeanWhatTheyMeanInMemory() async throws {
        let settings = try OracleSettings(environment: ProcessInfo.processInfo.environment)
        for seed in settings.seeds {
            try await withSubject { subject in
                let report = try await Oracle.run(subject, tier: .vector, seed: seed, cases: settings.cases)
                #expect(report.isPassing, "\(report.text)")
                #expect(report.cases == settings.cases)
            }
        }
    }

    private func withSubject(_ body: (ConformanceSubject) async throws -> Void) async throws {
        let prefix = "t" + UUID().uuidString.lowercased().prefix(8)
        try await ConformanceSubject.with(
            StoresQdrant.self, named: "qdrant", tiers: [.vector], settings: ["QDRANT_URL": QdrantServer.url ?? ""],
            prefix: prefix, body)
    }
}

enum QdrantServer {
    static let url = ProcessInfo.processInfo.environment["QDRANT_URL"]
}
#endif
