import CRdKafka
import Dispatch
import StoresCore

/// Asks the broker where partitions begin and end. Those who ask while a question is under way share the next one: its
/// answer must be newer than their asking.
final class KafkaEnds: Sendable {
    struct Ends: Sendable {
        /// The first offset that is kept, and the one that the next record gets.
        var low: Int64
        var high: Int64
        /// Of what is written, committed or not; asked for where `high` is less than somebody has seen.
        var written: Int64 = 0
        /// The partition is shorter than it was: it is another topic's now.
        var isShorter = false
    }

    typealias Answer = @Sendable (Result<Ends, StoreError>) -> Void

    private struct Question {
        var id: UInt64
        var deadline: Deadline
        var sought: Int64
        var answer: Answer
    }

    private struct State {
        var waiting: [Int32: [Question]] = [:]
        var asking: Set<Int32> = []
        var lastID: UInt64 = 0
    }

    private let client: KafkaClient
    private let producer: KafkaClient
    private let log: KafkaLog
    private let signals: KafkaSignals
    private let queues: [DispatchQueue]
    private let watch = DeadlineWatch(label: "stores-kafka-ends-watch")
    private let state = Guarded(State())

    /// - Parameter producer: Sees what is not committed, too.
    init(_ client: KafkaClient, producer: KafkaClient, _ log: KafkaLog, _ signals: KafkaSignals) {
        self.signals = signals
        self.client = client
        self.producer = producer
        self.log = log
        // Questions block; few partitions are asked at the same time.
        queues = (0..<min(log.count, 4)).map { DispatchQueue(label: "stores-kafka-ends-\($0)") }
    }

    /// What the log learns from, too.
    ///
    /// - Parameter sought: An offset that somebody has seen before.
    func ask(_ partition: Int32, sought: Int64 = 0, _ deadline: Deadline) async throws(StoreError) -> Ends {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return try await watch.wait(
            until: deadline,
            leave: { [self] in
                state.withLock { $0.waiting[partition]?.removeAll { $0.id == id } }
                return nil
            }
        ) { answer in
            let starts = state.withLock { state in
                state.waiting[partition, default: []].append(
                    Question(id: id, deadline: deadline, sought: sought, answer: answer))
                return state.asking.insert(partition).inserted
            }
            if starts { queues[Int(partition) % queues.count].async { self.drain(partition) } }
        }
    }

    private func drain(_ partition: Int32) {
        while true {
            let batch = state.withLock { state -> [Question] in
                let batch = state.waiting.removeValue(forKey: partition) ?? []
                if batch.isEmpty { state.asking.remove(partition) }
                return batch
            }
            guard let latest = batch.map(\.deadline).max() else { return }
            let sought = batch.map(\.sought).max() ?? 0
            let result = Result { () throws(StoreError) in try ask(partition, sought: sought, until: latest) }
            for question in batch { question.answer(result) }
        }
    }

    /// On a thread that may block.
    func ask(_ partition: Int32, sought: Int64 = 0, until deadline: Deadline) throws(StoreError) -> Ends {
        let known = log.next(partition)
        var ends = try ask(client, partition, until: deadline)
        // A transaction that is open, or was committed a moment ago, hides records that are there.
        ends.written = ends.high
        if ends.high < max(known, sought) { ends.written = try ask(producer, partition, until: deadline).high }
        ends.isShorter = ends.written < known
        log.learn(partition, ends)
        return ends
    }

    private func ask(_ client: KafkaClient, _ partition: Int32, until deadline: Deadline) throws(StoreError) -> Ends {
        while true {
            var ends = Ends(low: 0, high: 0)
            // In short steps: others who join have less time.
            let step = min(max(1, deadline.remainingMilliseconds), 2000)
            let code = rd_kafka_query_watermark_offsets(
                client.handle, client.topicName, partition, &ends.low, &ends.high, step)
            if code == RD_KAFKA_RESP_ERR_NO_ERROR {
                signals.forgetTrouble()
                return ends
            }
            guard code == RD_KAFKA_RESP_ERR__TIMED_OUT, !deadline.hasPassed else {
                throw signals.lastTrouble ?? StoreError.kafka(code, topic: client.topicName)
            }
        }
    }
}
