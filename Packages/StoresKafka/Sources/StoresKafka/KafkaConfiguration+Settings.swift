import StoresCore

extension KafkaConfiguration {
    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "KAFKA_BROKERS", .string, default: defaultBrokers, example: "kafka-1:9092,kafka-2:9092",
            summary: "Some of the brokers; the others are learnt from them."),
        SettingDescription(
            "KAFKA_TOPIC", .string, default: defaultTopic, example: "orders",
            summary: "The topic that holds the events; a topic that only the stores write to."),
        SettingDescription(
            "KAFKA_EVENT_MODE", .choice, default: Mode.shared.rawValue, allowed: Mode.allCases.map(\.rawValue),
            summary:
                "shared: everybody appends, without conditions; single-writer: this process alone appends, fenced by "
                + "its successor, with conditions and deduplication."),
        SettingDescription(
            "KAFKA_PARTITIONS", .int, example: "1",
            summary:
                "Partitions of a topic that is made, 1 unless set, and demanded of one that is there; more than one "
                + "has no order over all streams."),
        SettingDescription(
            "KAFKA_REPLICATION", .int, default: "-1",
            summary: "Copies of each partition of a topic that is made; -1 is the brokers' default."),
        SettingDescription(
            "KAFKA_RETENTION", .duration, default: "0",
            summary: "How long a topic that is made keeps events; 0 keeps them for ever."),
        SettingDescription(
            "KAFKA_TRANSACTIONAL_ID", .string, example: "orders-writer",
            summary: "The single writer's name, whose next bearer fences it; the topic and -writer unless set."
        ),
        SettingDescription(
            "KAFKA_COMPRESSION", .choice, default: "none", allowed: ["none", "gzip", "snappy", "lz4", "zstd"],
            summary: "How what is sent is compressed."),
        SettingDescription(
            "KAFKA_LINGER", .duration, default: "0",
            summary: "How long an append waits for others to go with; under load they gather by themselves."),
        SettingDescription(
            "KAFKA_MAX_MESSAGE_BYTES", .bytes, default: "1000000",
            summary: "Bytes of one append at most; not above the topic's max.message.bytes."),
        SettingDescription(
            "KAFKA_QUEUE_MESSAGES", .int, default: "100000",
            summary: "Appends on their way to the brokers at most; more wait for room."),
        SettingDescription(
            "KAFKA_QUEUE_BYTES", .bytes, default: "64MiB",
            summary: "Bytes on their way to the brokers at most; more wait for room."),
        SettingDescription(
            "KAFKA_DELIVERY_TIMEOUT", .duration, default: "30s",
            summary: "When the client gives up on an append that the brokers do not confirm."),
        SettingDescription(
            "KAFKA_READERS", .int, default: "4", summary: "Reads at the same time, 1 to 64, each with a consumer."),
        SettingDescription(
            "KAFKA_STATISTICS", .duration, default: "0",
            summary: "How often librdkafka's statistics become metrics; 0 is never."),
        SettingDescription(
            "KAFKA_FOREIGN_RECORDS", .choice, default: "refuse", allowed: ["refuse", "skip"],
            summary: "Whether records that the stores did not write are an error where they are met, or passed over."),
        SettingDescription(
            "KAFKA_SECURITY_PROTOCOL", .choice, default: "plaintext",
            allowed: ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
            summary: "Whether connections use TLS, and whether they authenticate."),
        SettingDescription(
            "KAFKA_SASL_MECHANISM", .string, example: "SCRAM-SHA-512", summary: "How the client authenticates."),
        SettingDescription("KAFKA_SASL_USERNAME", .string, summary: "Whom it authenticates as."),
        SettingDescription("KAFKA_SASL_PASSWORD", .string, isSecret: true, summary: "The password of that user."),
        SettingDescription(
            "KAFKA_SSL_CA", .path, summary: "Certificates that are trusted; the system's unless set."),
        SettingDescription("KAFKA_SSL_CERTIFICATE", .path, summary: "The client's own certificate."),
        SettingDescription("KAFKA_SSL_KEY", .path, summary: "The key of that certificate."),
        SettingDescription("KAFKA_SSL_KEY_PASSWORD", .string, isSecret: true, summary: "The password of that key."),
        // A secret as a whole: any property may be in it.
        SettingDescription(
            "KAFKA_OPTIONS", .string, isSecret: true, example: "socket.keepalive.enable=true; client.rack=a",
            summary: "Further properties of librdkafka, separated by semicolons."),
    ]
}
