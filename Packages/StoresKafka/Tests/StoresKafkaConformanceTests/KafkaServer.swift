import Foundation
import StoresConformance
import StoresKafka

/// The brokers that `KAFKA_BROKERS` names.
enum KafkaServer {
    static let environment = ProcessInfo.processInfo.environment

    static let isNamed = server([:]).isNamed
    static let skipped = server([:]).skipped

    static func server(_ more: [String: String]) -> ServerUnderTest {
        ServerUnderTest(
            StoresKafka.self, named: "kafka", service: "kafka-peer", environment: environment.merging(more) { $1 })
    }
}
