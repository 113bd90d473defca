import StoresCore
import Testing

@testable import StoresKafka

@Suite struct ConfigurationTests {
    private func configuration(_ variables: [String: String]) throws -> KafkaConfiguration {
        try KafkaConfiguration(Settings(KafkaConfiguration.settings) { variables[$0.variable] })
    }

    @Test func defaultsAreSafe() throws {
        let found = try configuration([:])
        #expect(found.mode == .shared && found.partitions == nil && found.retention == nil && !found.skipsForeign)
        #expect(found.transactionalID == "stores-events-writer" && found.endpoint == "127.0.0.1:9092")
    }

    @Test func securityIsPassedThrough() throws {
        let found = try configuration([
            "KAFKA_SECURITY_PROTOCOL": "sasl_ssl", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": "p=;q", "KAFKA_SSL_CA": "/ca.pem",
            "KAFKA_OPTIONS": " client.rack = a=b ;socket.keepalive.enable=true;",
        ])
        #expect(
            found.properties == [
                "security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "u",
                "sasl.password": "p=;q", "ssl.ca.location": "/ca.pem", "client.rack": "a=b",
                "socket.keepalive.enable": "true",
            ])
        _ = try KafkaConf(found)
    }

    @Test(
        arguments: [
            ["KAFKA_TOPIC": ".."], ["KAFKA_TOPIC": "a b"], ["KAFKA_PARTITIONS": "0"], ["KAFKA_READERS": "65"],
            ["KAFKA_BROKERS": "user:secret@host:9092"], ["KAFKA_OPTIONS": "acks=1"], ["KAFKA_OPTIONS": "nonsense"],
            ["KAFKA_OPTIONS": "enable.idempotence = false"], ["KAFKA_MAX_MESSAGE_BYTES": "10"],
            ["KAFKA_EVENT_MODE": "exactly-once"], ["KAFKA_OPTIONS": "linger.ms=5"],
            ["KAFKA_OPTIONS": "compression.codec=zstd"], ["KAFKA_OPTIONS": "delivery.timeout.ms=1"],
        ])
    func whatCannotBeIsRefused(_ variables: [String: String]) {
        let error = #expect(throws: StoreError.self) { try configuration(variables) }
        #expect(error?.code == .invalidArgument && error?.phase == .configuration)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func aPropertyThatLibrdkafkaDoesNotKnowIsRefusedWithoutItsValue() throws {
        let found = try configuration(["KAFKA_OPTIONS": "no.such.property=secret-4711"])
        let error = #expect(throws: StoreError.self) { try KafkaClient.check(found) }
        #expect(error?.message.contains("no.such.property") == true)
        #expect(error?.debugDescription.contains("4711") == false)
    }

    /// Before any I/O: librdkafka's limits are its own.
    @Test(arguments: [["KAFKA_LINGER": "1000s"], ["KAFKA_DELIVERY_TIMEOUT": "2000h"]])
    func whatTheProducerCannotBeGivenIsRefused(_ variables: [String: String]) throws {
        let found = try configuration(variables)
        let error = #expect(throws: StoreError.self) { try KafkaClient.check(found) }
        #expect(error?.code == .invalidArgument && error?.phase == .configuration)
    }

    @Test func capabilitiesFollowModeAndPartitions() {
        let one = StoresKafka.tier(isSingleWriter: false, partitions: 1, maxMessageBytes: 1_000_000)
        #expect(one.contains(.event(.globalOrder)) && !one.contains(.event(.conditionalAppend)))
        let many = StoresKafka.tier(isSingleWriter: true, partitions: 3, maxMessageBytes: 1_000_000)
        #expect(!many.contains(.event(.globalOrder)) && many.contains(.event(.deduplication)))
        for missing in [EventCapability.runState, .runLeases, .snapshots, .deleteStream] {
            #expect(!one.contains(.event(missing)) && !many.contains(.event(missing)))
        }
    }
}
