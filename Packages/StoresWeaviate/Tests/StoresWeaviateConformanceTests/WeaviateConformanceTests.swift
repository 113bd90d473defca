#if HTTP
import Foundation
import StoresConformance
import StoresCore
import StoresWeaviate
import Testing

let server = ServerUnderTest(
    StoresWeaviate.self, named: "weaviate", service: "weaviate-peer", environment: ProcessInfo.processInfo.environment)

/// One test for each case of the contracts; each makes collections of its own.
@Suite(.enabled(if: server.isNamed, "\(server.skipped)"))
struct WeaviateConformanceTests {
    @Test(arguments: Conformance.cases(for: .vector))
    func keeps(_ test: ConformanceCase) async throws {
        let report = try await server.run(test)
        #expect(report.isPassing, "\(report.text)")
    }

    /// F9.
    @Test func filtersMeanWhatTheyMeanInMemory() async throws {
        for report in try await server.oracle(.vector) { #expect(report.isPassing, "\(report.text)") }
    }
}
#endif
