import CRdKafka
import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Positions that the brokers keep under the name of a group, as the committed offsets that every tool of Kafka shows.
/// The group has no members: who reads what is the readers' to agree on.
final class KafkaCheckpoints: Sendable {
    private let configuration: KafkaConfiguration
    private let events: KafkaEvents
    private let signals: KafkaSignals
    private let clients = Mutex<[KafkaKey: KafkaClient]>([:])

    init(_ configuration: KafkaConfiguration, _ events: KafkaEvents, _ signals: KafkaSignals) {
        self.configuration = configuration
        self.events = events
        self.signals = signals
    }

    /// On a thread that may block.
    func store(_ positions: KafkaPositions, group: String, _ deadline: Deadline) throws(StoreError) {
        let client = try client(group)
        let list = KafkaOffsets(client.topicName, positions)
        // `rd_kafka_commit` would wait for as long as the brokers take.
        let answers = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(answers) }
        let code = rd_kafka_commit_queue(client.handle, list.pointer, answers, nil, nil)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, applied: .unknown, topic: group) }
        guard let event = rd_kafka_queue_poll(answers, max(1, deadline.remainingMilliseconds)) else {
            throw .timeout("storing the checkpoint", applied: .unknown)
        }
        defer { rd_kafka_event_destroy(event) }
        let answer = rd_kafka_event_error(event)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(answer, applied: .unknown, topic: group) }
        if let stored = rd_kafka_event_topic_partition_list(event), let error = KafkaOffsets.error(in: stored) {
            throw .kafka(error, applied: .unknown, topic: group)
        }
    }

    /// Nil where the group has stored none. On a thread that may block.
    func load(group: String, partitions: Int, _ deadline: Deadline) throws(StoreError) -> KafkaPositions? {
        let client = try client(group)
        let list = KafkaOffsets(client.topicName, .start(of: partitions))
        let milliseconds = max(1, deadline.remainingMilliseconds)
        let code = rd_kafka_committed(client.handle, list.pointer, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, topic: group) }
        if let error = KafkaOffsets.error(in: list.pointer) { throw .kafka(error, topic: group) }
        return list.positions
    }

    func shutDown() { clients.withLock { $0 = [:] } }

    private func client(_ group: String) throws(StoreError) -> KafkaClient {
        if let known = clients.withLock({ $0[KafkaKey(group)] }) { return known }
        let made = try KafkaClient.consumer(configuration, wait: .milliseconds(100), group: group)
        // Another call may have made one meanwhile.
        let (client, isNew) = clients.withLock { clients in
            let known = clients[KafkaKey(group)]
            clients[KafkaKey(group)] = known ?? made
            return (known ?? made, known == nil)
        }
        let signals = signals
        if isNew { events.add(client) { signals.take($0) } }
        return client
    }
}

/// librdkafka's list of partitions and offsets, which is freed with it.
private struct KafkaOffsets: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ topic: String, _ positions: KafkaPositions) {
        pointer = rd_kafka_topic_partition_list_new(Int32(positions.places.count))
        for place in positions.places {
            guard let one = rd_kafka_topic_partition_list_add(pointer, topic, place.partition) else { continue }
            one.pointee.offset = place.offset
            // librdkafka frees it, with C's `free`.
            if place.skip > 0, let text = strdup("+\(place.skip)") {
                one.pointee.metadata = UnsafeMutableRawPointer(text)
                one.pointee.metadata_size = strlen(text)
            }
        }
    }

    deinit {
        rd_kafka_topic_partition_list_destroy(pointer)
    }

    private static func elements(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
        UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
    }

    /// What was answered for one of the partitions.
    static func error(in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t? {
        elements(list).map(\.err).first { $0 != RD_KAFKA_RESP_ERR_NO_ERROR }
    }

    /// Partitions of which nothing is stored begin at their start; nil where that is all of them.
    var positions: KafkaPositions? {
        let elements = Self.elements(pointer)
        guard elements.contains(where: { $0.offset >= 0 }) else { return nil }
        return KafkaPositions(
            places: elements.map { one in
                let metadata = UnsafeRawBufferPointer(start: one.metadata, count: one.metadata_size)
                let text = String(decoding: metadata.dropFirst(), as: UTF8.self)
                return KafkaPlace(
                    partition: one.partition, offset: max(0, one.offset), skip: Int(max(0, Int32(text) ?? 0)))
            })
    }
}
