import Foundation
import StoresConformance
import StoresCore
import StoresKafka

/// The brokers that `KAFKA_BROKERS` names.
enum KafkaServer {
    static let environment = ProcessInfo.processInfo.environment

    static let isNamed = server([:]).isNamed
    static let skipped = server([:]).skipped
    /// Where the peer takes commands; nil for a real Kafka.
    static let peer = environment["KAFKA_PEER"].flatMap { KafkaPeer($0) }

    /// With a topic of its own.
    ///
    /// - Parameter partitions: The peer makes topics with four by itself.
    static func fresh(_ more: [String: String] = [:], partitions: Int = 1) throws -> ServerUnderTest {
        let topic = more["KAFKA_TOPIC"] ?? ServerUnderTest.freshName()
        if more["KAFKA_TOPIC"] == nil { try peer?.send("create \(topic) \(partitions)") }
        var settings = ["KAFKA_TOPIC": topic, "KAFKA_PARTITIONS": "\(partitions)", "KAFKA_READERS": "2"]
        // The peer keeps back the answer to who asks before there is anything, whatever comes meanwhile.
        if peer != nil { settings["KAFKA_OPTIONS"] = "fetch.wait.max.ms=10" }
        return server(settings.merging(more) { $1 })
    }

    static func server(_ more: [String: String]) -> ServerUnderTest {
        ServerUnderTest(
            StoresKafka.self, named: "kafka", service: "kafka-peer", environment: environment.merging(more) { $1 })
    }
}
