import CRdKafka
import Dispatch
import StoresCore

/// A consumer for reads, used by one at a time. It stays where it was: who reads on finds what was fetched ahead.
final class KafkaReader: Sendable {
    struct Place: Equatable {
        var partition: Int32
        var offset: Int64
    }

    private struct State {
        /// What comes next, while it is consumed.
        var place: Place?
        var decoder = KafkaDecoder()
        var fetched = KafkaFetched()
        var messages = KafkaMessages()
    }

    private let client: KafkaClient
    private let state = Guarded(State())
    private let ahead = DispatchQueue(label: "stores-kafka-reader")

    init(_ configuration: KafkaConfiguration) throws(StoreError) {
        // A new place has to wait for the answer to the question about the old one.
        client = try .consumer(configuration, wait: .milliseconds(10))
    }

    var native: KafkaClient { client }

    /// Reads forward, on a thread that may block.
    ///
    /// - Parameters:
    ///   - end: Nothing at or after it is waited for.
    ///   - isLeft: Asked now and then; true ends it with what there is.
    ///   - take: Returns false when it wants no more.
    /// - Returns: Where reading goes on.
    func read(
        from start: Place, until end: Int64, deadline: Deadline, isLeft: () -> Bool,
        take: (Int64, KafkaRecord) -> Bool
    ) throws(StoreError) -> Int64 {
        let result = state.withLock { state -> Result<Int64, StoreError> in
            if state.place != start { move(&state, to: start) }
            var position = start.offset
            while true {
                let isDone = state.fetched.drain(&position, until: end, take)
                // A record at or after the end stays for who reads on from there.
                state.place?.offset = position
                if isDone { return .success(position) }
                if isLeft() { return .success(position) }
                if deadline.hasPassed { return .failure(.timeout("the read")) }
                if let error = fill(&state) {
                    // librdkafka tells of a partition's trouble once: the next read begins anew.
                    stop(&state)
                    return .failure(error)
                }
            }
        }
        return try result.get()
    }

    /// Hands out what was read ahead, without waiting for anything.
    ///
    /// - Returns: Nil where there is nothing; otherwise as ``read(from:until:deadline:isLeft:take:)``, which goes on
    ///   from there.
    func takeReady(from start: Place, until end: Int64, take: (Int64, KafkaRecord) -> Bool) -> Int64? {
        let position = state.withLockIfAvailable { state -> Int64? in
            guard state.place == start, state.fetched.count > 0 else { return nil }
            var position = start.offset
            _ = state.fetched.drain(&position, until: end, take)
            state.place?.offset = position
            return position
        }
        return position ?? nil
    }

    /// Reads what has been fetched already, while the caller works on what he got: the next read finds it done.
    func readAhead() {
        ahead.async { [self] in
            state.withLock { state in
                guard state.place != nil, !state.fetched.isFull else { return }
                if fill(&state, wait: 0) != nil { stop(&state) }
            }
        }
    }

    /// As ``rest()``, and not waited for.
    ///
    /// - Parameter place: Where it is to rest; not where somebody reads elsewhere by then. Nil is anywhere.
    func restLater(at place: Place? = nil) {
        ahead.async { [self] in
            state.withLock { if place == nil || $0.place == place { stop(&$0) } }
        }
    }

    /// Nothing is fetched ahead any more.
    func rest() { state.withLock { stop(&$0) } }

    private func move(_ state: inout State, to place: Place) {
        stop(&state)
        rd_kafka_consume_start_queue(client.topic, place.partition, place.offset, client.records)
        state.place = place
    }

    private func stop(_ state: inout State) {
        if let place = state.place { rd_kafka_consume_stop(client.topic, place.partition) }
        state.place = nil
        state.fetched = KafkaFetched()
    }

    private func fill(_ state: inout State, wait: Int32 = 50) -> StoreError? {
        var failure: StoreError?
        var messages = state.messages
        defer { state.messages = messages }
        messages.take(client, wait: wait) { message in
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                state.fetched.add(state.decoder.record(message), at: message.pointee.offset)
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: state.fetched.add(end: message.pointee.offset)
            case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__TIMED_OUT: break
            default: failure = .kafka(message.pointee.err, topic: client.topicName)
            }
        }
        return failure
    }
}
