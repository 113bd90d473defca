import CRdKafka
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// librdkafka's list of partitions and offsets, which is freed with it.
struct KafkaOffsets: ~Copyable {
    private let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ topic: String, _ places: [KafkaPlace]) {
        pointer = rd_kafka_topic_partition_list_new(Int32(places.count))
        for place in places {
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

    /// Commits them for a group. On a thread that may block.
    ///
    /// - Parameter asking: Gets what asks for it, which waits for nothing; nil where it is not to be done.
    func store(
        _ client: KafkaClient, group: String, _ deadline: Deadline,
        asking: (() -> rd_kafka_resp_err_t) -> rd_kafka_resp_err_t? = { $0() }
    ) throws(StoreError) {
        // `rd_kafka_commit` would wait for as long as the brokers take.
        let answers = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(answers) }
        let code = asking { rd_kafka_commit_queue(client.handle, pointer, answers, nil, nil) }
        guard let code else { throw .kafkaGroupMoved(group) }
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, applied: .unknown, topic: group) }
        guard let event = rd_kafka_queue_poll(answers, max(1, deadline.remainingMilliseconds)) else {
            throw .timeout("storing the checkpoint", applied: .unknown)
        }
        defer { rd_kafka_event_destroy(event) }
        let answer = rd_kafka_event_error(event)
        guard answer == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(answer, applied: .unknown, topic: group) }
        if let stored = rd_kafka_event_topic_partition_list(event), let error = Self.error(in: stored) {
            throw .kafka(error, applied: .unknown, topic: group)
        }
    }

    /// What was committed for a group, in the order of the partitions; nil where nothing is. On a thread that may
    /// block.
    func load(_ client: KafkaClient, group: String, _ deadline: Deadline) throws(StoreError) -> [KafkaPlace?] {
        let milliseconds = max(1, deadline.remainingMilliseconds)
        let code = rd_kafka_committed(client.handle, pointer, milliseconds)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, topic: group) }
        if let error = Self.error(in: pointer) { throw .kafka(error, topic: group) }
        return Self.elements(pointer).map { one in
            guard one.offset >= 0 else { return nil }
            let metadata = UnsafeRawBufferPointer(start: one.metadata, count: one.metadata_size)
            let text = String(decoding: metadata.dropFirst(), as: UTF8.self)
            return KafkaPlace(partition: one.partition, offset: one.offset, skip: Int(max(0, Int32(text) ?? 0)))
        }
    }

    /// The partitions of a list of librdkafka's.
    static func partitions(of list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> [Int32] {
        elements(list).map(\.partition)
    }

    private static func elements(
        _ list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> UnsafeBufferPointer<rd_kafka_topic_partition_t> {
        UnsafeBufferPointer(start: list.pointee.elems, count: Int(list.pointee.cnt))
    }

    /// What was answered for one of the partitions.
    private static func error(
        in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>
    ) -> rd_kafka_resp_err_t? {
        elements(list).map(\.err).first { $0 != RD_KAFKA_RESP_ERR_NO_ERROR }
    }
}
