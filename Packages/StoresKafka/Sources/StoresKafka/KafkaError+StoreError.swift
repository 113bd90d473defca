import CRdKafka
import StoresCore

// The one place where what librdkafka and the brokers say becomes a `StoreError`.

/// What librdkafka said, for `debugDescription`.
struct KafkaNativeError: Error, CustomStringConvertible {
    var code: Int32
    var description: String

    init(_ code: rd_kafka_resp_err_t, _ text: String? = nil) {
        self.code = code.rawValue
        let name = rd_kafka_err2name(code).map { String(cString: $0) } ?? "\(code.rawValue)"
        description = text.map { "\(name): \(Redaction.secrets(in: $0))" } ?? name
    }
}

extension StoreError {
    /// - Parameter applied: What is known of a write's effect: a repetition may be refused after the first try was
    ///   taken, so the code alone does not say it. Nil, where nothing is known of it, is `no` for refusals.
    static func kafka(
        _ code: rd_kafka_resp_err_t, _ text: String? = nil, applied: Applied? = nil, topic: String? = nil
    ) -> StoreError {
        let native = KafkaNativeError(code, text)
        let refused = applied ?? .no
        func passing(_ message: String, remedy: String? = nil, applied: Applied?, phase: Phase? = nil) -> StoreError {
            StoreError(
                .unavailable, message, remedy: remedy, resource: topic, applied: applied, phase: phase,
                underlying: native)
        }
        switch code {
        case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR__WAIT_COORD:
            return .timeout("the brokers", applied: applied, underlying: native)
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
            return passing(
                "the brokers did not confirm the append in KAFKA_DELIVERY_TIMEOUT",
                remedy: "look whether the brokers run, and whether enough replicas are in sync", applied: applied)
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
            return passing("no broker answers", applied: applied, phase: .tcp)
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return passing("the brokers' name is not known", applied: refused, phase: .dns)
        case RD_KAFKA_RESP_ERR__SSL:
            return StoreError(
                .unavailable, "the TLS handshake with a broker failed",
                remedy: "KAFKA_SSL_CA names the certificates that signed the brokers'; KAFKA_SECURITY_PROTOCOL says "
                    + "whether they speak TLS", applied: refused, isRetryable: false, phase: .tls, underlying: native)
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED,
            RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
            return StoreError(
                .unauthenticated, "the brokers refused the user, the password or the mechanism",
                remedy: "correct KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM", applied: refused,
                phase: .authentication, underlying: native)
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return StoreError(
                .permissionDenied, "the user may not do this with the topic",
                remedy: "grant it Describe, Read and Write of the topic, Create to make it, and Write of the "
                    + "transactional id for single-writer", resource: topic, applied: refused, underlying: native)
        case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
            return StoreError(
                .permissionDenied, "the user may not read for the group", remedy: "grant it Read of the group",
                resource: topic, applied: refused, underlying: native)
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
            return StoreError(
                .notFound, "the topic, or a partition of it, does not exist",
                remedy: "start once with STORE_SCHEMA=create, or correct KAFKA_TOPIC", resource: topic,
                applied: refused, phase: .schema, underlying: native)
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
            RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
            return StoreError(
                .tooLarge, "the append is larger than a record may be, here or at the broker",
                remedy: "append fewer events at a time, keep large ones in an artifact store, or raise the topic's "
                    + "max.message.bytes and KAFKA_MAX_MESSAGE_BYTES", resource: topic, applied: refused,
                underlying: native)
        case RD_KAFKA_RESP_ERR__QUEUE_FULL:
            return StoreError(
                .unavailable, "the client's queue is full", applied: refused, isLocal: true, underlying: native)
        case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
            return passing(
                "too few replicas of the topic are in sync",
                remedy: "look at the topic's replicas: kafka-topics.sh --describe", applied: applied)
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
            return passing("the partition's broker changes, or is not ready", applied: applied)
        case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            return .kafkaFenced(native, applied: refused)
        case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
            return .kafkaGroupMoved(topic, native)
        case RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, RD_KAFKA_RESP_ERR__DESTROY:
            // With a transaction that failed before, or as the store was shut down.
            return passing("the record was given up before it was confirmed", applied: applied)
        case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
            return StoreError(
                .unsupported, "the brokers do not know this request",
                remedy: "use Kafka 2.1 or later", applied: refused, phase: .version, underlying: native)
        case RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED:
            return StoreError(
                .rateLimited, "the brokers' quota is used up", applied: applied, underlying: native)
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
            return StoreError(
                .notFound, "the topic has dropped events while they were read", remedy: "read again", resource: topic,
                applied: applied, isRetryable: true, underlying: native)
        default:
            return StoreError(
                .internal, "Kafka refused the call (\(code.rawValue))", resource: topic, applied: applied,
                underlying: native)
        }
    }

    /// Another process has begun to write.
    static func kafkaFenced(_ native: KafkaNativeError? = nil, applied: Applied = .no) -> StoreError {
        StoreError(
            .preconditionFailed, "another process has taken over the writing of this topic; this one is fenced",
            remedy: "let one process run with this KAFKA_TRANSACTIONAL_ID; start this one again to take it back",
            applied: applied, underlying: native)
    }

    /// A checkpoint of who is no member of the group, or has given the partition back.
    static func kafkaGroupMoved(_ group: String?, _ native: KafkaNativeError? = nil) -> StoreError {
        StoreError(
            .preconditionFailed, "the members of the group have shared its partitions out anew, or do so now",
            remedy: "go on reading: what came after the last checkpoint that was stored comes again, here or at another "
                + "member", resource: group, applied: .no, underlying: native)
    }

    /// What a member of a group can do where its topic keeps nothing at its checkpoint any more.
    var kafkaOfGroup: StoreError {
        guard code == .notFound, !isRetryable, underlying == nil else { return self }
        return StoreError(
            code, message,
            remedy: "end all members, and store where the group is to go on: KafkaPositions.start(of:) is the oldest "
                + "that is kept", resource: resource, applied: applied, isRetryable: false, underlying: underlying)
    }

    /// The same error of a write of which this much took effect.
    func kafkaWrite(_ applied: Applied) -> StoreError {
        StoreError(
            code, message, remedy: remedy, resource: resource, applied: applied, conflict: conflict,
            retryAfter: retryAfter, isRetryable: isRetryable, isLocal: isLocal, phase: phase, underlying: underlying)
    }

    /// Whether a consumer was to begin where a partition has nothing: before its start, or beyond its end.
    var isKafkaOffsetOutOfRange: Bool {
        let code = (underlying as? KafkaNativeError)?.code
        return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET.rawValue
            || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE.rawValue
    }

    static func kafkaShutDown() -> StoreError {
        StoreError(.unavailable, "the store was shut down", applied: .no, isRetryable: false)
    }

    /// A record that was not written by this library, or was damaged.
    static func kafkaForeign(_ topic: String, _ partition: Int32, _ offset: Int64, _ what: String) -> StoreError {
        StoreError(
            .corrupt, "the record at offset \(offset) of partition \(partition) is none of the stores': \(what)",
            remedy: "give the stores a KAFKA_TOPIC of their own, or pass over such records with "
                + "KAFKA_FOREIGN_RECORDS=skip", resource: topic, applied: .no)
    }

    static func kafkaGap(_ gap: KafkaIndex.Gap, in stream: String) -> StoreError {
        StoreError(
            .corrupt,
            "the log lacks events of the stream: the record at offset \(gap.offset) was written at revision "
                + "\(gap.written) or later, and \(gap.counted) events come before it",
            remedy: "records were deleted from the topic, or copied in part: bring them back, or append to another "
                + "stream; what is there can be read", resource: stream, applied: .no)
    }
}
