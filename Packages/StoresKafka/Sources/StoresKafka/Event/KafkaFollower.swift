import CRdKafka
import Dispatch
import StoresCore

/// Reads on where the log's knowledge ends, as long as somebody waits for more. One thread, one consumer; it sleeps
/// when nobody does.
final class KafkaFollower: Sendable {
    private struct State {
        var isRunning = false
        var isClosed = false
    }

    private let client: KafkaClient
    private let log: KafkaLog
    private let ends: KafkaEnds
    private let queue = DispatchQueue(label: "stores-kafka-follower")
    private let state = Guarded(State())

    init(_ client: KafkaClient, _ log: KafkaLog, _ ends: KafkaEnds) {
        self.client = client
        self.ends = ends
        self.log = log
    }

    /// Somebody waits, or has just begun to.
    func wake() {
        let starts = state.withLock { state in
            if state.isRunning || state.isClosed { return false }
            state.isRunning = true
            return true
        }
        if starts {
            queue.async { self.follow() }
        } else {
            // It may be waiting for another partition's records.
            rd_kafka_queue_yield(client.records)
        }
    }

    /// Returns when the thread does nothing any more.
    func shutDown() {
        state.withLock { $0.isClosed = true }
        rd_kafka_queue_yield(client.records)
        queue.sync {}
    }

    /// One that is read, and since when nobody has waited for it.
    private struct Reading {
        var position: Int64
        var idleSince: MonotonicInstant?
    }

    private func follow() {
        var reading: [Int32: Reading] = [:]
        var decoder = KafkaDecoder()
        var messages = KafkaMessages()
        defer { for partition in reading.keys { rd_kafka_consume_stop(client.topic, partition) } }
        while true {
            var isWanted = false
            for partition in 0..<Int32(log.count) {
                let (wanted, next) = log.with(partition) { ($0.wanted, $0.index.next) }
                if wanted != nil {
                    isWanted = true
                    begin(partition, at: next, &reading)
                } else if let one = reading[partition] {
                    rest(partition, one, &reading)
                }
            }
            // Whoever begins to wait from here on finds it running, or starts it.
            let ends = state.withLock { state in
                if isWanted || !reading.isEmpty, !state.isClosed { return false }
                state.isRunning = false
                return true
            }
            if ends {
                // One that came between the look and the lock.
                let isLate = (0..<Int32(log.count)).contains { log.with($0) { $0.wanted != nil } }
                if isLate { wake() }
                return
            }
            take(&reading, &decoder, &messages)
        }
    }

    private func begin(_ partition: Int32, at next: Int64, _ reading: inout [Int32: Reading]) {
        if let one = reading[partition] {
            // What this process wrote itself is not read again, unless that is less than a new start.
            if one.position <= next, next - one.position < 10_000 {
                reading[partition]?.idleSince = nil
                return
            }
            rd_kafka_consume_stop(client.topic, partition)
        }
        rd_kafka_consume_start_queue(client.topic, partition, next, client.records)
        reading[partition] = Reading(position: next)
    }

    /// Stops one for which nobody has waited for a second: those who wait often do so again.
    private func rest(_ partition: Int32, _ one: Reading, _ reading: inout [Int32: Reading]) {
        guard let since = one.idleSince else {
            reading[partition]?.idleSince = .now
            return
        }
        guard MonotonicInstant.now - since > .seconds(1) else { return }
        rd_kafka_consume_stop(client.topic, partition)
        reading[partition] = nil
    }

    private func take(
        _ reading: inout [Int32: Reading], _ decoder: inout KafkaDecoder, _ messages: inout KafkaMessages
    ) {
        var found: [Int32: [(offset: Int64, record: KafkaRecord)]] = [:]
        var ended: [Int32: Int64] = [:]
        var lost: Set<Int32> = []
        var refused: [Int32: StoreError] = [:]
        messages.take(client, wait: 100, isWoken: true) { message in
            let partition = message.pointee.partition
            guard reading[partition] != nil else { return }
            switch message.pointee.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR:
                found[partition, default: []].append((message.pointee.offset, decoder.record(message)))
            case RD_KAFKA_RESP_ERR__PARTITION_EOF: ended[partition] = message.pointee.offset
            case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: lost.insert(partition)
            case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
                refused[partition] = .kafka(message.pointee.err, topic: client.topicName)
            // Trouble with brokers passes, and librdkafka goes on by itself.
            default: break
            }
        }
        for (partition, records) in found {
            let start = reading[partition]?.position ?? .max
            log.found(records, partition, from: start)
            reading[partition]?.position = (records.last?.offset ?? start) + 1
        }
        for (partition, offset) in ended {
            guard let position = reading[partition]?.position else { continue }
            log.ended(partition, offset, from: position)
            reading[partition]?.position = max(position, offset)
        }
        for partition in lost { find(partition, &reading) }
        for (partition, error) in refused {
            // It is told once: who waits later begins anew, and is told again.
            stop(partition, &reading)
            log.fail(partition, error)
        }
    }

    /// Retention took what was to be read next, or the topic was made anew: the log learns from the ends where it goes
    /// on, and reading begins there.
    private func find(_ partition: Int32, _ reading: inout [Int32: Reading]) {
        stop(partition, &reading)
        // Without an answer it begins where it was, and is told the same.
        _ = try? ends.ask(partition, until: .after(.seconds(2)))
    }

    private func stop(_ partition: Int32, _ reading: inout [Int32: Reading]) {
        guard reading.removeValue(forKey: partition) != nil else { return }
        rd_kafka_consume_stop(client.topic, partition)
    }
}
