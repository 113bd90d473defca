#if HTTP
import Foundation
import StoresChroma
import StoresConformance
import StoresCore
import Testing

/// One test for each case of the contracts, on the server that CHROMA_URL names; each makes collections of its own.
@Suite(.enabled(if: ChromaServer.url != nil, "CHROMA_URL names no server: scripts/services start chroma"))
struct ChromaConformanceTests {
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
            StoresChroma.self, named: "chroma", tiers: [.vector], settings: ["CHROMA_URL": ChromaServer.url ?? ""],
            prefix: prefix, body)
    }
}

enum ChromaServer {
    static let url = ProcessInfo.processInfo.environment["CHROMA_URL"]
}
#endif
