import CRdKafka
import StoresCore

/// The topic: looked for, made, verified. On a thread that may block.
struct KafkaAdmin {
    let client: KafkaClient
    let configuration: KafkaConfiguration
    let signals: KafkaSignals

    /// What a broker says of the topic.
    struct Topic {
        var error: rd_kafka_resp_err_t
        var partitions: Int
        var brokers: Int
    }

    /// How many partitions the topic has (X5): made where it is missing and may be made, never changed.
    func ensure(_ mode: SchemaMode, _ deadline: Deadline) throws(StoreError) -> Int {
        var found = try topic(deadline)
        if found.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, mode == .create {
            try create(deadline)
            repeat { found = try topic(deadline) } while isComing(found) && !deadline.hasPassed
        } else {
            // One that another process has just made has no leaders yet.
            while found.error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, !deadline.hasPassed {
                found = try topic(deadline)
            }
        }
        guard found.error == RD_KAFKA_RESP_ERR_NO_ERROR, found.partitions > 0 else {
            let isMissing = found.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            guard isMissing else { throw .kafka(found.error, topic: configuration.topic) }
            throw StoreError(
                .schemaMismatch, "the topic \(configuration.topic) does not exist",
                remedy: "start once with STORE_SCHEMA=create, or correct KAFKA_TOPIC", resource: configuration.topic,
                applied: .no, conflict: .schema(found: "no topic", wanted: configuration.topic), phase: .schema)
        }
        if mode != .off, let wanted = configuration.partitions, wanted != found.partitions {
            throw StoreError(
                .schemaMismatch, "the topic \(configuration.topic) has \(found.partitions) partitions, not \(wanted)",
                remedy: "correct KAFKA_PARTITIONS, or name another KAFKA_TOPIC: with another number the streams would "
                    + "be looked for in other partitions", resource: configuration.topic, applied: .no,
                conflict: .schema(found: "\(found.partitions)", wanted: "\(wanted)"), phase: .schema)
        }
        return found.partitions
    }

    private func isComing(_ found: Topic) -> Bool {
        found.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
            || found.error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
    }

    /// Asks until a broker answers.
    func topic(_ deadline: Deadline) throws(StoreError) -> Topic {
        while true {
            var metadata: UnsafePointer<rd_kafka_metadata>?
            // In steps, so that a refused password is not waited for.
            let step = min(max(1, deadline.remainingMilliseconds), 500)
            let code = rd_kafka_metadata(client.handle, 0, client.topic, &metadata, step)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata {
                defer { rd_kafka_metadata_destroy(metadata) }
                signals.forgetTrouble()
                guard metadata.pointee.topic_cnt > 0, let topic = metadata.pointee.topics?.pointee else {
                    return Topic(
                        error: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, partitions: 0,
                        brokers: Int(metadata.pointee.broker_cnt))
                }
                return Topic(
                    error: topic.err, partitions: Int(topic.partition_cnt), brokers: Int(metadata.pointee.broker_cnt))
            }
            let trouble = signals.lastTrouble
            if let trouble, trouble.phase == .authentication || trouble.phase == .tls || trouble.phase == .dns {
                throw trouble
            }
            let isPassing = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT
            if isPassing, deadline.remaining > .milliseconds(150) { continue }
            throw trouble ?? StoreError.kafka(RD_KAFKA_RESP_ERR__TRANSPORT, topic: configuration.topic)
        }
    }

    private func create(_ deadline: Deadline) throws(StoreError) {
        var text = [CChar](repeating: 0, count: 256)
        let count = Int32(configuration.partitions ?? 1)
        guard
            let topic = rd_kafka_NewTopic_new(
                configuration.topic, count, Int32(configuration.replication), &text, text.count)
        else {
            throw StoreError(
                .invalidArgument, "librdkafka takes no such topic",
                remedy: "correct KAFKA_PARTITIONS and KAFKA_REPLICATION", applied: .no, phase: .configuration)
        }
        defer { rd_kafka_NewTopic_destroy(topic) }
        // Compaction would keep the last append of each stream alone.
        let retention = configuration.retention.map { "\($0.wholeMilliseconds)" } ?? "-1"
        for (name, value) in [
            ("cleanup.policy", "delete"), ("retention.ms", retention),
            ("max.message.bytes", "\(configuration.maxMessageBytes + 16_384)"),
        ] {
            let code = rd_kafka_NewTopic_set_config(topic, name, value)
            guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, topic: configuration.topic) }
        }
        let options = rd_kafka_AdminOptions_new(client.handle, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { rd_kafka_AdminOptions_destroy(options) }
        let milliseconds = max(100, deadline.remainingMilliseconds - 200)
        rd_kafka_AdminOptions_set_request_timeout(options, milliseconds, &text, text.count)
        let queue = rd_kafka_queue_new(client.handle)
        defer { rd_kafka_queue_destroy(queue) }
        var topics: [OpaquePointer?] = [topic]
        rd_kafka_CreateTopics(client.handle, &topics, 1, options, queue)
        guard let event = rd_kafka_queue_poll(queue, milliseconds + 100) else {
            throw .timeout("making the topic", applied: .unknown)
        }
        defer { rd_kafka_event_destroy(event) }
        var code = rd_kafka_event_error(event)
        if code == RD_KAFKA_RESP_ERR_NO_ERROR, let result = rd_kafka_event_CreateTopics_result(event) {
            var results = 0
            if let list = rd_kafka_CreateTopics_result_topics(result, &results), results > 0, let first = list[0] {
                code = rd_kafka_topic_result_error(first)
            }
        }
        if code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT {
            throw .timeout("making the topic", applied: .unknown, underlying: KafkaNativeError(code))
        }
        // Another process may have been faster.
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS else {
            throw .kafka(code, applied: .no, topic: configuration.topic)
        }
    }
}
