import CRdKafka
import StoresCore

/// A member of a consumer group: learns which partitions are its own, and keeps checkpoints of them. It fetches
/// nothing; readers do.
///
/// librdkafka speaks with the brokers by itself, and tells what they decided when it is asked (``poll()``). Who does
/// not ask for `max.poll.interval.ms` is taken for dead, leaves the group, and joins again when he asks again.
final class KafkaMember: Sendable {
    enum Change {
        /// Nothing else is this member's once it has answered.
        case assigned([Int32])
        /// The brokers share out anew, and wait for the answer. Checkpoints may be stored until then.
        case wanted
        /// The partitions are another's by now.
        case lost
    }

    private enum Answer {
        case takes
        case givesBack
    }

    private struct State {
        /// What the brokers wait for.
        var answer: Answer?
        /// Counts assignments: a checkpoint of an earlier one is not stored.
        var assignment = 0
        var isAssigned = false
        var hasLeft = false
        var whenFull: KafkaLog.Reached?
    }

    let group: String
    private let client: KafkaClient
    private let signals: KafkaSignals
    private let events: KafkaEvents
    private let state = Guarded(State())
    /// Held while events are taken: leaving waits for some that nobody else may take.
    private let polling = Guarded(())

    /// On a thread that may block.
    init(_ configuration: KafkaConfiguration, group: String, _ events: KafkaEvents, _ signals: KafkaSignals)
        throws(StoreError)
    {
        self.group = group
        self.events = events
        self.signals = signals
        client = try KafkaClient.member(configuration, group: group)
        events.add(client) { [weak self] in self?.look() }
        let topics = rd_kafka_topic_partition_list_new(1)
        defer { rd_kafka_topic_partition_list_destroy(topics) }
        rd_kafka_topic_partition_list_add(topics, configuration.topic, RD_KAFKA_PARTITION_UA)
        let code = rd_kafka_subscribe(client.handle, topics)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { throw .kafka(code, topic: group) }
    }

    deinit {
        events.remove(client)
    }

    /// Of the assignment that holds now.
    var assignment: Int { state.withLock { $0.assignment } }

    // MARK: What the brokers decide

    /// Waits for nothing.
    ///
    /// - Throws: What waiting does not mend, such as a group that the user may not join.
    func poll() throws(StoreError) -> Change? {
        let result = polling.withLock { _ -> Result<Change?, StoreError> in
            if state.withLock({ $0.hasLeft }) { return .failure(.kafkaShutDown()) }
            do throws(StoreError) { return .success(try take()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private func take() throws(StoreError) -> Change? {
        while let event = rd_kafka_queue_poll(client.main, 0) {
            defer { rd_kafka_event_destroy(event) }
            switch rd_kafka_event_type(event) {
            case RD_KAFKA_EVENT_REBALANCE: return change(event)
            case RD_KAFKA_EVENT_ERROR:
                signals.take(KafkaEvent(pointer: event))
                if let error = error(event) { throw error }
            default: signals.take(KafkaEvent(pointer: event))
            }
        }
        return nil
    }

    private func change(_ event: OpaquePointer) -> Change {
        if rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            state.withLock { $0.answer = .takes }
            return .assigned(rd_kafka_event_topic_partition_list(event).map { KafkaOffsets.partitions(of: $0) } ?? [])
        }
        let isLost = rd_kafka_assignment_lost(client.handle) != 0
        state.withLock { state in
            state.answer = .givesBack
            if isLost { state.isAssigned = false }
        }
        return isLost ? .lost : .wanted
    }

    /// Answers what the brokers wait for, if anything. On a thread that may block: librdkafka's own has to take it.
    func answer() {
        let answer = state.withLock { state in
            defer { state.answer = nil }
            if state.answer == .givesBack { state.isAssigned = false }
            return state.hasLeft ? nil : state.answer
        }
        switch answer {
        case nil: return
        case .givesBack: rd_kafka_assign(client.handle, nil)
        case .takes:
            // With nothing to fetch: it is readers that fetch.
            let nothing = rd_kafka_topic_partition_list_new(0)
            defer { rd_kafka_topic_partition_list_destroy(nothing) }
            rd_kafka_assign(client.handle, nothing)
            state.withLock { state in
                state.assignment += 1
                state.isAssigned = !state.hasLeft
            }
        }
    }

    /// Nil for what passes.
    private func error(_ event: OpaquePointer) -> StoreError? {
        var code = rd_kafka_event_error(event)
        switch code {
        case RD_KAFKA_RESP_ERR__FATAL: code = rd_kafka_fatal_error(client.handle, nil, 0)
        // Told beside the loss of the partitions.
        case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: return nil
        default: break
        }
        let error = StoreError.kafka(code, topic: group)
        let passes = error.code == .preconditionFailed && code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID
        return error.isRetryable || passes ? nil : error
    }

    /// Answers once there is something to ``poll()``.
    func whenFull(_ reached: @escaping KafkaLog.Reached) {
        state.withLock { $0.whenFull = reached }
        look()
    }

    private func look() {
        guard rd_kafka_queue_length(client.main) > 0 || state.withLock({ $0.hasLeft }) else { return }
        let waiting = state.withLock { state in
            defer { state.whenFull = nil }
            return state.whenFull
        }
        waiting?(.success(()))
    }

    // MARK: Checkpoints

    /// On a thread that may block.
    func stored(_ partitions: [Int32], _ deadline: Deadline) throws(StoreError) -> [KafkaPlace?] {
        let starts = partitions.map { KafkaPlace(partition: $0, offset: 0, skip: 0) }
        return try KafkaOffsets(client.topicName, starts).load(client, group: group, deadline)
    }

    /// On a thread that may block.
    ///
    /// - Throws: `preconditionFailed` where the partitions are not this member's any more, or not since then.
    func store(_ places: [KafkaPlace], of assignment: Int, _ deadline: Deadline) throws(StoreError) {
        try KafkaOffsets(client.topicName, places).store(client, group: group, deadline) { ask in
            // Under the lock: what gives the partitions back comes after it.
            state.withLock { $0.isAssigned && $0.assignment == assignment ? ask() : nil }
        }
    }

    /// Leaves the group, so that its other members need not wait until they miss this one. On a thread that may block:
    /// librdkafka waits for the brokers, 5 s as a rule, and for checkpoints that are on their way.
    func leave() {
        let isFirst = polling.withLock { _ in
            state.withLock { state in
                defer { (state.hasLeft, state.isAssigned) = (true, false) }
                return !state.hasLeft
            }
        }
        guard isFirst else { return }
        look()
        rd_kafka_consumer_close(client.handle)
    }
}
