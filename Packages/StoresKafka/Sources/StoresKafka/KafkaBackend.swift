import StoresCore

/// One cluster and one topic of it.
final class KafkaBackend: StoreBackend {
    private let connection: KafkaConnection
    private let context: AdapterContext

    init(_ configuration: KafkaConfiguration, context: AdapterContext) throws(StoreError) {
        connection = try KafkaConnection(configuration, logger: context.logger)
        self.context = context
    }

    private var configuration: KafkaConfiguration { connection.configuration }

    var endpoint: String { configuration.endpoint }

    /// A ``KafkaTopic``.
    var native: any Sendable { KafkaTopic(connection: connection) }

    func capabilities(of tier: Tier) -> TierCapabilities? {
        guard tier == .event else { return nil }
        return StoresKafka.tier(
            isSingleWriter: configuration.isSingleWriter,
            partitions: connection.partitions ?? configuration.partitions ?? 1,
            maxMessageBytes: configuration.maxMessageBytes)
    }

    var event: (any EventDriver)? { KafkaEventDriver(connection: connection) }

    func start(context: CallContext) async throws(StoreError) {
        try await connection.start(self.context.schemaMode, context)
    }

    func ping(context: CallContext) async throws(StoreError) -> BackendStatus {
        let running = try connection.running()
        let configuration = configuration
        let topic = try await connection.threads.run(until: context.deadline, applied: nil) { () throws(StoreError) in
            try KafkaAdmin(client: running.control, configuration: configuration, signals: running.signals)
                .topic(context.deadline)
        }
        var details = [
            "mode": configuration.mode.rawValue, "topic": configuration.topic, "partitions": "\(topic.partitions)",
            "brokers": "\(topic.brokers)",
        ]
        if running.writer?.isFenced == true { details["warning"] = "another process has taken over the writing" }
        // Brokers do not tell their version.
        return BackendStatus(version: "librdkafka \(KafkaConf.version)", details: details)
    }

    func shutdown() async { await connection.shutDown() }
}
