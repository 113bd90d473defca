import StoresConformance
import StoresCore
import Testing

/// What is tested on a server, one after the other: some tests disturb it for everybody.
@Suite(.serialized, .enabled(if: MongoServer.isNamed, "\(MongoServer.skipped)"))
enum MongoServerTests {}

extension MongoServerTests {
    /// One test for each case of the contracts.
    @Suite struct ConformanceTests {
        static let cases = Tier.stores.filter(MongoServer.fresh().tiers.contains).flatMap(Conformance.cases(for:))

        @Test(arguments: cases)
        func keeps(_ test: ConformanceCase) async throws {
            let report = try await MongoServer.fresh().run(test)
            #expect(report.isPassing, "\(report.text)")
        }

        /// F9: generated filters mean on the server what they mean in memory.
        @Test func filtersMeanWhatTheyMeanInMemory() async throws {
            for report in try await MongoServer.fresh().oracle(.memory) {
                #expect(report.isPassing, "\(report.text)")
            }
        }
    }
}
