public import StoresCore

/// The event store on Kafka: `registry.register(StoresKafka.self)`, then `STORE_EVENT=kafka`.
public enum StoresKafka: StoreAdapter {
    public static let descriptions = [
        AdapterDescription(
            name: "kafka", package: "StoresKafka",
            summary: "Event streams on Kafka: one topic, a record for each append.", systemName: "kafka",
            tiers: [.event: tier(isSingleWriter: true, partitions: 1, maxMessageBytes: defaultMessageBytes)],
            settings: KafkaConfiguration.settings, composeService: "kafka", composeProfile: "event-alt",
            endpointVariable: "KAFKA_BROKERS")
    ]

    static let defaultMessageBytes = 1_000_000

    /// What the mode and the topic allow. An append is one record, so the broker's bound of a record is that of an
    /// append, less room for names and framing.
    static func tier(isSingleWriter: Bool, partitions: Int, maxMessageBytes: Int) -> TierCapabilities {
        var features: Set<Capability> = [.event(.backwardRead), .event(.retention)]
        // Nobody else writes, so what was read before a write still holds at it.
        if isSingleWriter { features.formUnion([.event(.conditionalAppend), .event(.deduplication)]) }
        // Kafka orders a partition, and nothing beyond it.
        if partitions == 1 { features.insert(.event(.globalOrder)) }
        let bytes = maxMessageBytes - 4096
        return TierCapabilities(
            features,
            limits: [.batchCount: 1000, .batchBytes: bytes, .eventBytes: bytes, .queryLimit: 10_000])
    }

    public static func open(_ context: AdapterContext) throws(StoreError) -> any StoreBackend {
        try KafkaBackend(KafkaConfiguration(context.settings), context: context)
    }
}
