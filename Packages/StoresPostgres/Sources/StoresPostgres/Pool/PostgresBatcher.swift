import StoresCore
import Synchronization

/// Gathers the calls of many tasks into few statements: while batches are under way, what comes waits, and goes out
/// together as soon as one of them is done. A lone call is sent by its own task.
final class PostgresBatcher<Call: Sendable, Answer: Sendable>: Sendable {
    typealias Outcome = PostgresEnd<Answer>
    /// Calls, the latest of their deadlines, and whether it is a lone one.
    typealias Send = @Sendable (_ calls: [Call], _ deadline: Deadline, _ isLone: Bool) async -> [Outcome]

    /// `@unchecked Sendable`: it adds only constants.
    private final class Item: PostgresPromise<Outcome>, @unchecked Sendable {
        let call: Call
        let deadline: Deadline

        init(_ call: Call, _ deadline: Deadline) {
            self.call = call
            self.deadline = deadline
        }
    }

    private struct State {
        var waiting: [Item] = []
        /// On their way in a batch, which may last longer than their own deadlines.
        var sent: [Int: [Item]] = [:]
        var lastBatch = 0
        var batches = 0
    }

    /// What a batch may hold.
    struct Rules: Sendable {
        /// In the errors: `the append`.
        var name: String
        /// Whether an error tells that a call which was sent may have been done.
        var isWrite: Bool
        /// How many batches may be under way.
        var batches: Int
        var calls: @Sendable () -> Int
        var bytes = Int.max
        /// How many bytes a call has.
        var size: @Sendable (Call) -> Int = { _ in 0 }
        /// Of two calls with the same key one is left for the next batch; nil where that does not matter.
        var key: (@Sendable (Call) -> PostgresKey)?
    }

    private let rules: Rules
    private let work: PostgresWork
    private let state = Guarded(State())
    private let sweep: DeadlineSweep
    private let send: Send

    /// - Parameter send: Sends a batch, whose calls are in the order of their keys, if they have any. A lone call is
    ///   its own task's, and may be cancelled with it.
    init(
        _ rules: Rules, work: PostgresWork, send: @escaping Send
    ) {
        self.rules = rules
        self.work = work
        self.send = send
        sweep = DeadlineSweep(label: "stores.postgres.batches")
    }

    func run(_ call: Call, deadline: Deadline) async throws(StoreError) -> Answer {
        let isAlone = state.withLock { state in
            guard state.batches == 0, state.waiting.isEmpty else { return false }
            state.batches += 1
            return true
        }
        if isAlone {
            defer { done() }
            return try await send([call], deadline, true)[0].get()
        }
        let item = Item(call, deadline)
        let outcome = await item.wait {
            let starts = state.withLock { state in
                state.waiting.append(item)
                guard state.batches < rules.batches else { return false }
                state.batches += 1
                return true
            }
            sweep.arm(deadline.instant) { [weak self] in self?.endOverdue() }
            if starts { startBatches() }
        }
        // What a read came to is nothing that was applied.
        if !rules.isWrite, case .failure(let error) = outcome, error.code == .cancelled { throw .cancelled() }
        return try outcome.get()
    }

    /// A batch is done: who waits goes next.
    private func done() {
        let goesOn = state.withLock { state in
            if state.waiting.isEmpty { state.batches -= 1 }
            return !state.waiting.isEmpty
        }
        if goesOn { startBatches() }
    }

    /// Works until nobody waits. The batch belongs to all its calls: the cancellation of one of their tasks ends that
    /// one's wait, not the batch. It ends by itself, by the latest of their deadlines.
    private func startBatches() {
        let isStarted = work.start {
            while let (batch, items) = self.next() {
                let deadline = items.map(\.deadline).max() ?? .after(.zero)
                let outcomes = await self.send(items.map(\.call), deadline, false)
                self.state.withLock { $0.sent[batch] = nil }
                for (item, outcome) in zip(items, outcomes) { item.finish(outcome) }
                // Those who call again at once are to be in the next batch: they go first.
                if items.count > 1 { await Task.yield() }
            }
        }
        if isStarted { return }
        while let (batch, items) = next() {
            state.withLock { $0.sent[batch] = nil }
            for item in items { item.finish(.failure(.notSent(nil, rules.isWrite ? .write : .read))) }
        }
    }

    /// The next batch, of calls in the order of arrival. Nil: this batch's place is free again.
    private func next() -> (batch: Int, items: [Item])? {
        state.withLock { state in
            let most = rules.calls()
            var taken: [Item] = []
            taken.reserveCapacity(min(state.waiting.count, most))
            var left: [Item] = []
            var keyed: [PostgresKey: Item] = [:]
            var bytes = 0
            for item in state.waiting {
                if item.isFinished { continue }
                let key = rules.key?(item.call)
                guard taken.count < most, bytes < rules.bytes, key.map({ keyed[$0] == nil }) ?? true else {
                    left.append(item)
                    continue
                }
                guard item.beginSending() else { continue }
                taken.append(item)
                if let key { keyed[key] = item }
                bytes += rules.size(item.call)
            }
            state.waiting = left
            if taken.isEmpty {
                state.batches -= 1
                return nil
            }
            if rules.key != nil { taken = keyed.sorted { $0.key < $1.key }.map(\.value) }
            state.lastBatch += 1
            state.sent[state.lastBatch] = taken
            return (state.lastBatch, taken)
        }
    }

    private func endOverdue() -> MonotonicInstant? {
        let waiting = state.withLock { $0.waiting + $0.sent.values.joined() }
        let now = MonotonicInstant.now
        var next: MonotonicInstant?
        for item in waiting {
            let deadline = item.deadline.instant
            if deadline <= now {
                item.abandon { .failure(.timeout(rules.name, applied: rules.isWrite ? ($0 ? .unknown : .no) : nil)) }
            } else if !item.isFinished {
                next = min(next ?? deadline, deadline)
            }
        }
        return next
    }
}
