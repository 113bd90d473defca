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

    /// The same as a member of a consumer group: brokers share the partitions out among the members, in this process
    /// and in others, and anew when one comes, leaves or dies. At least once, from the checkpoints that were stored.
    ///
    /// A partition that is to change hands is held until the next element is asked for, and once more after the
    /// checkpoint that it is then: what was delivered is not delivered elsewhere if that is stored. Who does not come
    /// back within `max.poll.interval.ms` (5 minutes; `KAFKA_OPTIONS`) loses his partitions, and gets some again when
    /// he does. Who dies is missed after `session.timeout.ms` (45 s).
    ///
    /// - Parameters:
    ///   - group: 1 to 200 UTF-8 bytes.
    ///   - batch: Events fetched at once from one partition, 1 to 10 000; a checkpoint comes after each.
    /// - Throws: `invalidArgument` for a name that is none.
    public func subscribe(group: String, batch: Int = 256) throws(StoreError) -> KafkaGroupSubscription {
        try check(group)
        return KafkaGroupSubscription(
            driver: KafkaEventDriver(connection: connection), group: group, batch: min(max(1, batch), 10_000))
    }

    /// Keeps a checkpoint with the brokers, under the name of a group: the committed offsets that
    /// `kafka-consumer-groups.sh` shows.
    ///
    /// - Parameter group: 1 to 200 UTF-8 bytes. One without members, which store their own, see
    ///   ``subscribe(group:batch:)``.
    /// - Throws: `preconditionFailed` where it has members; what the brokers answer; `timeout`.
    public func store(_ positions: KafkaPositions, group: String, deadline: Deadline = .after(.seconds(10)))
        async throws(StoreError)
    {
        let running = try connection.running()
        try check(group)
        guard positions.places.count == running.partitions else {
            throw .invalidArgument("the positions have \(positions.places.count) partitions, not \(running.partitions)")
        }
        try await connection.threads.run(until: deadline, applied: .unknown) { () throws(StoreError) in
            try running.checkpoints.store(positions, group: group, deadline)
        }
    }

    /// The checkpoint that was stored last under the name of a group; nil when there is none.
    ///
    /// - Throws: What the brokers answer; `timeout`.
    public func checkpoint(group: String, deadline: Deadline = .after(.seconds(10)))
        async throws(StoreError) -> KafkaPositions?
    {
        let running = try connection.running()
        try check(group)
        return try await connection.threads.run(until: deadline, applied: nil) { () throws(StoreError) in
            try running.checkpoints.load(group: group, partitions: running.partitions, deadline)
        }
    }

    private func check(_ group: String) throws(StoreError) {
        guard (1...200).contains(group.utf8.count), !group.utf8.contains(0) else {
            throw .invalidArgument("a group has 1 to 200 bytes, none of them 0")
        }
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
