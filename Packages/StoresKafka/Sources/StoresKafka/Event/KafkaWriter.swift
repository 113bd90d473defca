import CRdKafka
import Dispatch
import StoresCore
import Synchronization

/// The single writer: appends of all tasks in transactions, one at a time, each of what has gathered during the last
/// one.
///
/// The brokers let one process write under a transactional id, the one that came last; the transactions of the others
/// fail, and readers do not see their records, unless their end was taken before. So what this process knows when it
/// decides still holds when its transaction ends, and conditions and deduplication are kept (E1, E4).
final class KafkaWriter: Sendable {
    struct Item: Sendable {
        let id: UInt64
        let partition: Int32
        let append: KafkaAppend
        let answer: KafkaLog.Placed
    }

    private struct State {
        var waiting: [Item] = []
        var lastID: UInt64 = 0
        var isRunning = false
        var isClosed = false
        /// Why nothing can be written any more.
        var end: StoreError?
    }

    let producer: KafkaProducer
    let log: KafkaLog
    let follower: KafkaFollower
    private let ends: KafkaEnds
    private let most: Int
    private let queue = DispatchQueue(label: "stores-kafka-writer")
    private let watch = DeadlineWatch(label: "stores-kafka-writer-watch")
    private let state = Guarded(State())

    /// - Parameter most: Bytes of one append.
    init(_ producer: KafkaProducer, _ log: KafkaLog, _ follower: KafkaFollower, _ ends: KafkaEnds, most: Int) {
        self.most = most
        self.producer = producer
        self.log = log
        self.follower = follower
        self.ends = ends
    }

    var isFenced: Bool { state.withLock { $0.end?.code == .preconditionFailed } }

    /// Takes over from a predecessor, whose transactions fail from now on. On a thread that may block.
    func take(until deadline: Deadline) throws(StoreError) {
        while true {
            let step = min(max(1, deadline.remainingMilliseconds), 1000)
            guard let error = KafkaTransactionError(rd_kafka_init_transactions(producer.client.handle, step)) else {
                break
            }
            guard error.isRetriable, deadline.remaining > .milliseconds(150) else { throw error.storeError(.no) }
        }
        // What the predecessor committed is read to the end; by the first append at the latest.
        for partition in 0..<Int32(log.count) {
            let end = try ends.ask(partition, until: deadline).high
            if log.whenKnown(partition, before: end, { _ in }) != nil { follower.wake() }
        }
    }

    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        let append = KafkaAppend(events: events, stream: stream, expected: expected, now: context.now)
        try append.check(most: most)
        let partition = KafkaPartitioner.partition(of: stream, among: log.count)
        let (id, end) = state.withLock { state in
            state.lastID += 1
            return (state.lastID, state.end)
        }
        if let end { throw end }
        return try await watch.wait(
            until: context.deadline,
            leave: { [self] in
                state.withLock { state in
                    guard let place = state.waiting.firstIndex(where: { $0.id == id }) else { return .unknown }
                    state.waiting.remove(at: place)
                    return .no
                }
            }
        ) { answer in
            let item = Item(id: id, partition: partition, append: append, answer: answer)
            let (starts, isClosed) = state.withLock { state in
                if state.isClosed { return (false, true) }
                state.waiting.append(item)
                defer { state.isRunning = true }
                return (!state.isRunning, false)
            }
            if isClosed { answer(.failure(.kafkaShutDown())) }
            if starts { queue.async { self.drain() } }
        }
    }

    /// Why nothing more is to be written.
    private var refusal: StoreError? { state.withLock { $0.end ?? ($0.isClosed ? .kafkaShutDown() : nil) } }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Returns when no transaction is under way, or the brokers do not answer: then it is left to its time-out there.
    func shutDown() {
        let rest = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for item in rest { item.answer(.failure(.kafkaShutDown())) }
        queue.sync {}
    }

    // MARK: On the writer's thread

    private func drain() {
        while let batch = next() {
            if let end = state.withLock({ $0.end }) {
                for item in batch { item.answer(.failure(end)) }
            } else {
                write(batch)
            }
        }
    }

    private func next() -> [Item]? {
        state.withLock { state in
            var count = 0
            var bytes = 0
            while count < state.waiting.count, count < 500, count == 0 || bytes < 4 << 20 {
                bytes += state.waiting[count].append.bytes
                count += 1
            }
            if count == 0 { state.isRunning = false }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return batch.isEmpty ? nil : batch
        }
    }

    private func write(_ batch: [Item]) {
        do throws(StoreError) {
            for partition in Set(batch.map(\.partition)) {
                // All that was there at the take-over, at any question since, and all that this process wrote.
                try wait(partition, before: log.decisive(partition), .seconds(30))
            }
        } catch {
            for item in batch { item.answer(.failure(error.filling(applied: .no))) }
            return
        }
        var plan = KafkaPlan()
        // As of the first decision: what the follower brings afterwards is what nobody decided on.
        var known: [Int32: Int64] = [:]
        let decisions = batch.map { item in
            log.with(item.partition) { state in
                known[item.partition] = known[item.partition] ?? state.index.next
                return plan.decide(item.append, item.partition, state)
            }
        }
        do throws(StoreError) {
            let offsets = plan.records.isEmpty ? [] : try transact(plan.records, known: known)
            place(batch, decisions, plan, offsets, known)
        } catch {
            // One record that the brokers refuse is not the others' fault: each has a transaction of its own.
            if batch.count > 1, error.applied == .no, error.code == .tooLarge || error.code == .internal {
                for item in batch {
                    if let end = refusal { item.answer(.failure(end)) } else { write([item]) }
                }
                return
            }
            // What depended on records that are not there is not decided either.
            for item in batch { item.answer(.failure(error)) }
        }
    }

    private func place(
        _ batch: [Item], _ decisions: [KafkaPlan.Decision], _ plan: KafkaPlan, _ offsets: [Int64],
        _ known: [Int32: Int64]
    ) {
        var written: [Int32: [KafkaLog.Written]] = [:]
        for (item, decision) in zip(batch, decisions) {
            switch decision {
            case .answer(let result): item.answer(result)
            case .write(let place):
                let record = plan.records[place].record
                written[item.partition, default: []].append((offsets[place], record, item.answer))
            case .repeats(let place, let first, let index, let count):
                let position = KafkaPlace(
                    partition: item.partition, record: offsets[place], index: index,
                    of: plan.records[place].record.events.count
                ).position
                item.answer(
                    .success(
                        AppendResult(
                            firstRevision: first, lastRevision: first + Int64(count) - 1, position: position,
                            isDeduplicated: true)))
            }
        }
        for (partition, some) in written {
            if log.committed(some, partition, from: known[partition] ?? 0) { follower.wake() }
        }
    }

    /// Nothing is written any more.
    func end(_ error: StoreError) { state.withLock { $0.end = $0.end ?? error } }

    /// Waits on this thread until everything before an offset is known.
    func wait(_ partition: Int32, before offset: Int64, _ timeout: Duration) throws(StoreError) {
        let known = DispatchSemaphore(value: 0)
        let result = Guarded(Result<Void, StoreError>.success(()))
        let id = log.whenKnown(partition, before: offset) { reached in
            result.withLock { $0 = reached }
            known.signal()
        }
        guard let id else { return }
        follower.wake()
        guard known.wait(timeout: .now() + .milliseconds(Int(timeout.wholeMilliseconds))) == .timedOut else {
            return try result.withLock { $0 }.get()
        }
        log.leave(partition, id)
        throw .timeout("reading the topic to its end, which comes before the first append,", applied: .no)
    }
}
