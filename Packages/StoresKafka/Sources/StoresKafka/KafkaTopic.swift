/// The escape hatch (X8): the topic beside the event store.
///
/// ```swift
/// try await stores.event.withNative(KafkaTopic.self) { topic in … }
/// ```
public struct KafkaTopic: Sendable {
    let connection: KafkaConnection

    public var name: String { connection.configuration.topic }

    /// How many partitions the topic has; 0 before the stores are opened, and after they are shut down.
    public var partitions: Int { connection.partitions ?? 0 }
}
