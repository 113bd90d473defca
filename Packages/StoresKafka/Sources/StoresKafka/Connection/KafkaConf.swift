import CRdKafka
import StoresCore

/// The properties of a client that is to be made: the one owner of librdkafka's object, which is freed on every path
/// that does not hand it over.
struct KafkaConf: ~Copyable {
    private let conf: OpaquePointer

    /// What producers and consumers have in common.
    init(_ configuration: KafkaConfiguration) throws(StoreError) {
        conf = rd_kafka_conf_new()
        try set("bootstrap.servers", configuration.brokers)
        try set("client.id", "swift-backend-stores")
        // Into the queue, from there to swift-log.
        try set("log.queue", "true")
        try set("reconnect.backoff.ms", "50")
        try set("reconnect.backoff.max.ms", "2000")
        if configuration.statisticsInterval > .zero {
            try set("statistics.interval.ms", "\(configuration.statisticsInterval.wholeMilliseconds)")
        }
        // Small requests follow each other without waiting for answers: none is to wait until the last one is
        // acknowledged.
        try set("socket.nagle.disable", "true")
        for (name, value) in configuration.properties { try set(name, value) }
    }

    deinit {
        rd_kafka_conf_destroy(conf)
    }

    func set(_ name: String, _ value: String) throws(StoreError) {
        var text = [CChar](repeating: 0, count: 512)
        guard rd_kafka_conf_set(conf, name, value, &text, text.count) != RD_KAFKA_CONF_OK else { return }
        // The text repeats the value, which may be a secret.
        throw StoreError(
            .invalidArgument, "librdkafka \(Self.version) does not take the property \(Redaction.name(name)) as given",
            remedy: "correct KAFKA_OPTIONS or the variable of that property", applied: .no, phase: .configuration)
    }

    /// Which events the client puts into its queue, instead of calling back.
    func events(_ kinds: Int32) { rd_kafka_conf_set_events(conf, kinds) }

    /// The client, which owns the properties from now on.
    consuming func client(_ type: rd_kafka_type_t) throws(StoreError) -> OpaquePointer {
        var text = [CChar](repeating: 0, count: 512)
        guard let client = rd_kafka_new(type, conf, &text, text.count) else {
            let reason = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            // librdkafka took nothing.
            _ = consume self
            throw StoreError(
                .invalidArgument, "librdkafka \(Self.version) can't make a client with these settings",
                remedy: "the settings are KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_…, KAFKA_SSL_… and KAFKA_OPTIONS",
                applied: .no, phase: .configuration,
                underlying: KafkaNativeError(
                    RD_KAFKA_RESP_ERR__INVALID_ARG, String(decoding: reason, as: UTF8.self)))
        }
        discard self
        return client
    }

    static let version = String(cString: rd_kafka_version_str())
}
