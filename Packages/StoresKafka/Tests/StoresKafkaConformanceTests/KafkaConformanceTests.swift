import StoresConformance
import StoresCore
import Testing

/// What is tested on a server, one after the other: some tests disturb it for everybody.
@Suite(.serialized, .enabled(if: KafkaServer.isNamed, "\(KafkaServer.skipped)"))
enum KafkaServerTests {}

extension KafkaServerTests {
    /// One test for each case of the contracts.
    @Suite struct ConformanceTests {
        static let cases = Conformance.cases(for: .event)

        @Test(arguments: cases)
        func keepsShared(_ test: ConformanceCase) async throws {
            let report = try await KafkaServer.fresh().run(test)
            #expect(report.isPassing, "\(report.text)")
        }

        /// Several partitions: no order over all streams.
        @Test(arguments: cases)
        func keepsPartitioned(_ test: ConformanceCase) async throws {
            let report = try await KafkaServer.fresh(partitions: 3).run(test)
            #expect(report.isPassing, "\(report.text)")
        }

        /// A second view would be a second writer, who fences the first: there is one.
        @Test(arguments: cases)
        func keepsSingleWriter(_ test: ConformanceCase) async throws {
            let server = try KafkaServer.fresh(["KAFKA_EVENT_MODE": "single-writer"])
            try await server.withSubject([.event]) { subject in
                var alone = subject
                alone.second = nil
                let report = await Conformance.run(alone) { $0.id == test.id }
                #expect(report.isPassing, "\(report.text)")
            }
        }
    }
}
