#if HTTP
import Foundation
import StoresPinecone
import StoresConformance
import StoresCore
import Testing

/// One test for each case of the contracts, on the server that PINECONE_HOST names; each makes collections of its own.
@Suite(.enabled(if: PineconeServer.url != nil, "PINECONE_HOST names no server: scripts/services start pinecone-peer"))
struct PineconeConformanceTests {
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
            StoresPinecone.self, named: "pinecone", tiers: [.vector], settings: PineconeServer.settings, prefix: prefix,
            body)
    }
}

enum PineconeServer {
    static let url = ProcessInfo.processInfo.environment["PINECONE_HOST"]
    static let settings = [
        "PINECONE_HOST": url ?? "", "PINECONE_API_KEY": ProcessInfo.processInfo.environment["PINECONE_API_KEY"] ?? "",
    ]
}
#endif
