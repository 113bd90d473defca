public import StoresCore

/// The escape hatch (X8): the topic beside the event store, for what one order over all streams can't have.
///
/// ```swift
/// try await stores.event.withNative(KafkaTopic.self) { topic in
///     for try await element in topic.subscribe(from: checkpoint) { … }
/// }
/// ```
public struct KafkaTopic: Sendable {
    let connection: KafkaConnection

    public var name: String { connection.configuration.topic }

    /// How many partitions the topic has; 0 before the stores are opened, and after they are shut down.
    public var partitions: Int { connection.partitions ?? 0 }

    /// Events of all partitions as they come: at least once, those of a stream in their order, pulled by the reader.
    ///
    /// - Parameters:
    ///   - start: Nil begins with the oldest event of each partition.
    ///   - batch: Events fetched at once from one partition, 1 to 10 000.
    public func subscribe(from start: KafkaPositions? = nil, batch: Int = 256) -> KafkaSubscription {
        KafkaSubscription(
            driver: KafkaEventDriver(connection: connection), start: start, batch: min(max(1, batch), 10_000))
    }

    /// Where the partitions end: subscribe from it to see what comes.
    ///
    /// - Throws: What the brokers answer; `timeout`.
    public func ends(deadline: Deadline = .after(.seconds(10))) async throws(StoreError) -> KafkaPositions {
        let running = try connection.running()
        var places: [KafkaPlace] = []
        for partition in 0..<Int32(running.partitions) {
            let end = try await running.ends.ask(partition, deadline).high
            places.append(KafkaPlace(partition: partition, offset: end, skip: 0))
        }
        return KafkaPositions(places: places)
    }
}
