import CRdKafka
import Dispatch
import StoresCore

/// Puts records into the client's queue as far as there is room, and matches each delivery report to its record.
final class KafkaProducer: Sendable {
    struct Shipment: Sendable {
        let partition: Int32
        let timestamp: Int64
        let record: KafkaEncodedRecord
        /// Called once, on any thread: the offset, or why it is not there.
        let arrived: @Sendable (Result<Int64, StoreError>) -> Void
    }

    private struct State {
        var shipments: [UInt: Shipment] = [:]
        var room: KafkaRoom
        var lastID: UInt = 0
        var isClosed = false
    }

    let client: KafkaClient
    private let state: Guarded<State>

    init(_ client: KafkaClient, _ configuration: KafkaConfiguration) {
        self.client = client
        state = Guarded(
            State(room: KafkaRoom(maxMessages: configuration.queueMessages, maxBytes: configuration.queueBytes)))
    }

    /// - Returns: For ``abandon(_:)``.
    @discardableResult
    func ship(_ shipment: Shipment) -> UInt {
        let (id, goes, isClosed) = state.withLock { state in
            state.lastID &+= 1
            let id = state.lastID
            if state.isClosed { return (id, false, true) }
            state.shipments[id] = shipment
            return (id, state.room.enter(id, bytes: shipment.record.bytes), false)
        }
        if isClosed {
            shipment.arrived(.failure(.kafkaShutDown()))
        } else if goes {
            produce(id, shipment)
        }
        return id
    }

    /// What is known of a record that nobody waits for any more: `no` where it was still waiting for room, and is gone.
    func abandon(_ id: UInt) -> StoreError.Applied {
        let (wasWaiting, next) = state.withLock { state in
            let (wasWaiting, admitted) = state.room.abandon(id)
            if wasWaiting { state.shipments[id] = nil }
            return (wasWaiting, Self.shipments(admitted, state))
        }
        for (id, shipment) in next { produce(id, shipment) }
        return wasWaiting ? .no : .unknown
    }

    /// On the thread of the events.
    func take(_ event: borrowing KafkaEvent) {
        event.forEachDelivery { id, offset, error in
            settle(id, error.map { .failure($0) } ?? .success(offset))
        }
    }

    /// Waits for what is under way, on a thread that may block, then gives up the rest.
    func shutDown() {
        state.withLock { $0.isClosed = true }
        rd_kafka_flush(client.handle, 2000)
        rd_kafka_purge(client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        rd_kafka_flush(client.handle, 500)
        let rest = state.withLock { state in
            defer { state.shipments = [:] }
            return state.shipments.values.map(\.arrived)
        }
        for arrived in rest { arrived(.failure(.kafkaShutDown().filling(applied: .unknown))) }
    }

    private func produce(_ id: UInt, _ shipment: Shipment) {
        let record = shipment.record
        let code = record.key.withUnsafeBufferPointer { key in
            record.value.withUnsafeBufferPointer { value in
                record.headers.withUnsafeBufferPointer { headers in
                    stores_kafka_produce(
                        client.handle, client.topic, shipment.partition, shipment.timestamp, key.baseAddress, key.count,
                        value.baseAddress, value.count, headers.baseAddress, headers.count, id)
                }
            }
        }
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        settle(id, .failure(failure(code)))
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

    private func settle(_ id: UInt, _ result: Result<Int64, StoreError>) {
        let (shipment, next) = state.withLock { state -> (Shipment?, [(UInt, Shipment)]) in
            guard let shipment = state.shipments.removeValue(forKey: id) else { return (nil, []) }
            let admitted = state.room.leave(bytes: shipment.record.bytes)
            return (shipment, Self.shipments(admitted, state))
        }
        shipment?.arrived(result)
        for (id, shipment) in next { produce(id, shipment) }
    }

    private static func shipments(_ ids: [UInt], _ state: State) -> [(UInt, Shipment)] {
        ids.compactMap { id in state.shipments[id].map { (id, $0) } }
    }
}
