import CRdKafka
import Dispatch
import StoresCore

/// A client of librdkafka, with the topic and a queue of its own for records: the one owner of the three.
///
/// librdkafka's objects are safe to use from any thread, and the pointers never change: hence `@unchecked Sendable`.
/// Freeing the client waits for its threads, and the last reference may go anywhere: it happens on a thread of its own.
final class KafkaClient: @unchecked Sendable {
    let handle: OpaquePointer
    let topic: OpaquePointer
    /// Delivery reports, log lines, statistics, errors; a member's are in its consumer's queue.
    let main: OpaquePointer
    /// What is consumed.
    let records: OpaquePointer
    let topicName: String

    private init(_ handle: OpaquePointer, topic name: String, isMember: Bool = false) throws(StoreError) {
        self.handle = handle
        topicName = name
        guard let topic = rd_kafka_topic_new(handle, name, nil) else {
            rd_kafka_destroy(handle)
            throw StoreError(.invalidArgument, "librdkafka takes no topic of this name", applied: .no)
        }
        self.topic = topic
        if isMember { rd_kafka_poll_set_consumer(handle) }
        main = isMember ? rd_kafka_queue_get_consumer(handle) : rd_kafka_queue_get_main(handle)
        records = rd_kafka_queue_new(handle)
        // Log lines go to the main queue.
        rd_kafka_set_log_queue(handle, nil)
    }

    deinit {
        // Pointers cross to another thread as numbers.
        let queues = [records, main].map { UInt(bitPattern: $0) }
        let (topic, handle) = (UInt(bitPattern: topic), UInt(bitPattern: handle))
        DispatchQueue(label: "stores-kafka-freeing").async {
            for queue in queues { rd_kafka_queue_destroy(OpaquePointer(bitPattern: queue)) }
            rd_kafka_topic_destroy(OpaquePointer(bitPattern: topic))
            rd_kafka_destroy_flags(OpaquePointer(bitPattern: handle), RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        }
    }

    static func producer(_ configuration: KafkaConfiguration) throws(StoreError) -> KafkaClient {
        let conf = try producing(configuration)
        conf.events(RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS)
        return try KafkaClient(try conf.client(RD_KAFKA_PRODUCER), topic: configuration.topic)
    }

    private static func producing(_ configuration: KafkaConfiguration) throws(StoreError) -> KafkaConf {
        let conf = try KafkaConf(configuration)
        try conf.set("enable.idempotence", "true")
        try conf.set("acks", "all")
        // For its questions about offsets, see KafkaEnds.
        try conf.set("isolation.level", "read_uncommitted")
        try conf.set("linger.ms", "\(configuration.linger.wholeMilliseconds)")
        try conf.set("compression.type", configuration.compression)
        try conf.set("message.max.bytes", "\(configuration.maxMessageBytes)")
        // The bound that counts is KafkaRoom's; these are above it.
        try conf.set("queue.buffering.max.messages", "10000000")
        try conf.set("queue.buffering.max.kbytes", "2147483647")
        let timeout = max(1, configuration.deliveryTimeout.wholeMilliseconds)
        if configuration.isSingleWriter {
            try conf.set("transactional.id", configuration.transactionalID)
            try conf.set("transaction.timeout.ms", "\(min(max(timeout, 10_000), 60_000))")
            try conf.set("message.timeout.ms", "\(min(timeout, 60_000))")
        } else {
            try conf.set("message.timeout.ms", "\(timeout)")
        }
        return conf
    }

    /// - Parameters:
    ///   - wait: How long a broker that has nothing new may hold back its answer.
    ///   - group: For committed offsets.
    static func consumer(
        _ configuration: KafkaConfiguration, wait: Duration, group: String? = nil
    ) throws(StoreError) -> KafkaClient {
        let conf = try KafkaConf(configuration)
        if let group { try conf.set("group.id", group) }
        for (name, value) in [
            ("enable.auto.commit", "false"), ("enable.partition.eof", "true"), ("auto.offset.reset", "error"),
            ("isolation.level", "read_committed"), ("allow.auto.create.topics", "false"),
            ("queued.max.messages.kbytes", "\(KafkaMessages.ahead >> 10)"),
            ("queued.min.messages", "\(KafkaMessages.aheadMessages)"), ("fetch.error.backoff.ms", "50"),
            ("fetch.wait.max.ms", "\(wait.wholeMilliseconds)"),
        ] where configuration.properties[name] == nil {
            try conf.set(name, value)
        }
        // Unknown to librdkafka before 2.2, see KafkaMessages.
        if configuration.properties["fetch.queue.backoff.ms"] == nil { try? conf.set("fetch.queue.backoff.ms", "5") }
        conf.events(RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS)
        return try KafkaClient(try conf.client(RD_KAFKA_CONSUMER), topic: configuration.topic)
    }

    /// One that can join a group. It fetches nothing.
    static func member(_ configuration: KafkaConfiguration, group: String) throws(StoreError) -> KafkaClient {
        let conf = try KafkaConf(configuration)
        for (name, value) in [
            ("group.id", group), ("enable.auto.commit", "false"), ("allow.auto.create.topics", "false"),
            // A partition is given to somebody else after all who read have given back theirs.
            ("partition.assignment.strategy", "range,roundrobin"),
            // They would wait for who reads, and he may never come back.
            ("statistics.interval.ms", "0"),
        ] { try conf.set(name, value) }
        // Unknown to librdkafka before 2.4: members agree among themselves who gets what.
        try? conf.set("group.protocol", "classic")
        conf.events(RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG)
        return try KafkaClient(
            try conf.client(RD_KAFKA_CONSUMER), topic: configuration.topic, isMember: true)
    }

    /// Sees whether librdkafka takes the settings; without I/O.
    static func check(_ configuration: KafkaConfiguration) throws(StoreError) {
        _ = try producing(configuration)
    }
}
