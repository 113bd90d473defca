import CRdKafka
import Dispatch
import StoresCore

/// Puts records into the client's queue as far as there is room, and matches each delivery report to its record.
final class KafkaProducer: Sendable {
    private struct State {
        var shipments = KafkaSlots<KafkaShipment>()
        var room: KafkaRoom
        /// Appends that are delivered, and wait until the log knows everything before them. Those that are answered
        /// are dropped at the next look.
        var early: [KafkaShipment] = []
        var isClosed = false
        /// No deadline passes before it.
        var earliest: Deadline?
        var isLooking = false
    }

    let client: KafkaClient
    private let log: KafkaLog
    private let follower: KafkaFollower
    private let state: Guarded<State>
    private let watch = DispatchQueue(label: "stores-kafka-producer-watch")

    init(_ client: KafkaClient, _ configuration: KafkaConfiguration, _ log: KafkaLog, _ follower: KafkaFollower) {
        self.client = client
        self.log = log
        self.follower = follower
        state = Guarded(
            State(room: KafkaRoom(maxMessages: configuration.queueMessages, maxBytes: configuration.queueBytes)))
    }

    /// Ships a record, and waits until the log says where its events are.
    func append(_ record: KafkaEncodedRecord, _ partition: Int32, until deadline: Deadline)
        async throws(StoreError) -> AppendResult
    {
        let shipment = KafkaShipment(record, partition, deadline: deadline)
        let result: Result<AppendResult, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if shipment.await(continuation) {
                    ship(shipment)
                } else {
                    continuation.resume(returning: .failure(.cancelled(applied: .no)))
                }
            }
        } onCancel: {
            leave(shipment) { .cancelled(applied: $0) }
        }
        return try result.get()
    }

    func ship(_ shipment: KafkaShipment) {
        let (goes, isClosed, looks) = state.withLock { state in
            if state.isClosed { return (false, true, false) }
            if shipment.isLeft { return (false, false, false) }
            shipment.id = state.shipments.insert(shipment)
            let looks = shipment.deadline.map { Self.heed($0, &state) } ?? false
            return (state.room.enter(shipment.id, bytes: shipment.bytes), false, looks)
        }
        if isClosed { return shipment.fail(.kafkaShutDown()) }
        if goes { produce(shipment) }
        if looks { lookLater() }
    }

    /// On the thread of the events: all reports of one answer of a broker together.
    func take(_ event: borrowing KafkaEvent) {
        settle(event.deliveries())
    }

    /// Waits for what is under way, on a thread that may block, then gives up the rest.
    func shutDown() {
        state.withLock { $0.isClosed = true }
        rd_kafka_flush(client.handle, 2000)
        rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        rd_kafka_flush(client.handle, 500)
        let rest = state.withLock { $0.shipments.removeAll() }
        for shipment in rest { shipment.fail(.kafkaShutDown().filling(applied: .unknown)) }
    }

    // MARK: Who does not wait any more

    private func leave(_ shipment: KafkaShipment, _ error: (StoreError.Applied) -> StoreError) {
        let applied = abandon(shipment)
        shipment.leave(error(applied))
    }

    /// What is known of a record that nobody waits for: `no` where it was still waiting for room, and is gone; `yes`
    /// where the brokers have it, and only its revision is not known yet.
    private func abandon(_ shipment: KafkaShipment) -> StoreError.Applied {
        let (applied, next) = state.withLock { state -> (StoreError.Applied, [KafkaShipment]) in
            if shipment.isDelivered { return (.yes, []) }
            if shipment.id == 0 {
                shipment.isLeft = true
                return (.no, [])
            }
            let (wasWaiting, admitted) = state.room.abandon(shipment.id)
            if wasWaiting { _ = state.shipments.remove(shipment.id) }
            return (wasWaiting ? .no : .unknown, admitted.compactMap { state.shipments[$0] })
        }
        for shipment in next { produce(shipment) }
        return applied
    }

    /// Whether the timer is to be started for it.
    private static func heed(_ deadline: Deadline, _ state: inout State) -> Bool {
        state.earliest = min(state.earliest ?? deadline, deadline)
        defer { state.isLooking = true }
        return !state.isLooking
    }

    /// The log does not know yet what comes before these: their deadlines still count.
    private func wait(for early: [KafkaShipment]) {
        let looks = state.withLock { state in
            var looks = false
            for shipment in early {
                // The follower may have brought it already.
                guard let deadline = shipment.deadline, !shipment.isAnswered else { continue }
                state.early.append(shipment)
                if Self.heed(deadline, &state) { looks = true }
            }
            return looks
        }
        if looks { lookLater() }
    }

    /// One timer looks after all deadlines, while there are any: cheaper than one for each append.
    private func lookLater() {
        watch.asyncAfter(deadline: .now() + .milliseconds(50)) { [self] in
            let (passed, goesOn) = state.withLock { state -> ([KafkaShipment], Bool) in
                var passed: [KafkaShipment] = []
                state.early.removeAll(where: \.isAnswered)
                if let earliest = state.earliest, earliest.hasPassed {
                    state.earliest = nil
                    for shipment in state.shipments.all + state.early {
                        guard let deadline = shipment.deadline else { continue }
                        if deadline.hasPassed {
                            passed.append(shipment)
                        } else {
                            state.earliest = min(state.earliest ?? deadline, deadline)
                        }
                    }
                }
                state.isLooking = state.shipments.count > 0 || !state.early.isEmpty
                return (passed, state.isLooking)
            }
            for shipment in passed {
                leave(shipment) { applied in
                    let what = applied == .yes ? "reading the topic up to the append, which is written," : "the call"
                    return .timeout(what, applied: applied)
                }
            }
            if goesOn { lookLater() }
        }
    }

    // MARK: To and from librdkafka

    private func produce(_ shipment: KafkaShipment) {
        let timestamp = max(0, shipment.record.recordedAt.millisecondsSinceEpoch)
        let code = shipment.encoded.withBytes { key, headers, value in
            stores_kafka_produce(
                client.handle, client.topic, shipment.partition, timestamp, key.baseAddress, key.count,
                value.baseAddress, value.count, headers.baseAddress, headers.count, shipment.id)
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        settle([KafkaDelivery(id: shipment.id, result: .failure(failure(code)))])
    }

    private func failure(_ code: rd_kafka_resp_err_t) -> StoreError {
        guard code == RD_KAFKA_RESP_ERR__FATAL || code == RD_KAFKA_RESP_ERR__STATE else {
            return .kafka(code, applied: .no, topic: client.topicName)
        }
        return fatal ?? .kafka(code, applied: .no, topic: client.topicName)
    }

    /// What made the client unusable for good, if anything has.
    var fatal: StoreError? {
        var text = [CChar](repeating: 0, count: 256)
        let code = rd_kafka_fatal_error(client.handle, &text, text.count)
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        let error = StoreError.kafka(code, applied: .no, topic: client.topicName)
        guard error.code == .internal else { return error }
        return StoreError(
            .unavailable, "the producer met an error after which it can't go on", remedy: "open the stores again",
            applied: .no, isRetryable: false, underlying: error.underlying)
    }

    private func settle(_ deliveries: [KafkaDelivery]) {
        var arrived: [(KafkaShipment, Result<Int64, StoreError>)] = []
        arrived.reserveCapacity(deliveries.count)
        let next = state.withLock { state in
            var next: [KafkaShipment] = []
            for delivery in deliveries {
                guard let shipment = state.shipments.remove(delivery.id) else { continue }
                if case .success = delivery.result { shipment.isDelivered = true }
                arrived.append((shipment, delivery.result))
                for id in state.room.leave(bytes: shipment.bytes) {
                    if let one = state.shipments[id] { next.append(one) }
                }
            }
            return next
        }
        for shipment in next { produce(shipment) }
        var written: [Int32: [KafkaLog.Written]] = [:]
        for (shipment, result) in arrived {
            switch result {
            case .failure(let error): shipment.fail(error)
            case .success(let offset):
                if shipment.isAppend {
                    written[shipment.partition, default: []].append((offset, shipment.record, shipment.place))
                } else {
                    shipment.arrive(offset)
                }
            }
        }
        var isEarly = false
        for (partition, some) in written where log.wrote(some, partition) {
            follower.wake()
            isEarly = true
        }
        if isEarly { wait(for: arrived.map(\.0)) }
    }
}
