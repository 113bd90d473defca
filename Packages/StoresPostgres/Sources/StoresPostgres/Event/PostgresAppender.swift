import StoresCore
import Synchronization

/// Gathers the appends of many tasks into few statements: while batches are under way, what comes waits, and goes out
/// together as soon as one of them is done. A lone append is sent by its own task.
final class PostgresAppender: Sendable {
    typealias Outcome = PostgresEnd<AppendResult?>

    /// `@unchecked Sendable`: it adds only constants.
    private final class Item: PostgresPromise<Outcome>, @unchecked Sendable {
        let append: PostgresAppend

        init(_ append: PostgresAppend) {
            self.append = append
        }
    }

    /// How many appends a transaction has made, which are announced when it has committed.
    final class Count: Sendable {
        private let number = Atomic<Int>(0)

        var any: Bool { number.load(ordering: .acquiring) > 0 }

        func add() { number.add(1, ordering: .acquiringAndReleasing) }
    }

    private struct State {
        var waiting: [Item] = []
        /// On their way in a batch, which may last longer than their own deadlines.
        var sent: [ObjectIdentifier: Item] = [:]
        var batches = 0
    }

    /// More bring nothing (measured), and would make the batches smaller.
    static let maximumBatches = 2
    static let maximumAppends = 512
    static let maximumBytes = 4 << 20

    private let pool: PostgresPool
    private let work: PostgresWork
    private let onAppend: @Sendable () -> Void
    private let state = Mutex(State())
    private let sweep = PostgresSweep(label: "stores.postgres.appends")

    /// - Parameter onAppend: Called after each commit.
    init(pool: PostgresPool, work: PostgresWork, onAppend: @escaping @Sendable () -> Void) {
        self.pool = pool
        self.work = work
        self.onAppend = onAppend
    }

    /// - Returns: Nil when it was not appended, since its demand is not met or its events are there already.
    func append(_ append: PostgresAppend) async throws(StoreError) -> AppendResult? {
        let isAlone = state.withLock { state in
            guard state.batches == 0, state.waiting.isEmpty else { return false }
            state.batches += 1
            return true
        }
        if isAlone {
            defer { done() }
            return try await send([append], isCancellable: true)[0].get()
        }
        let item = Item(append)
        let outcome = await item.wait {
            let starts = state.withLock { state in
                state.waiting.append(item)
                guard state.batches < Self.maximumBatches else { return false }
                state.batches += 1
                return true
            }
            sweep.arm(append.deadline.instant) { [weak self] in self?.endOverdue() }
            if starts { startBatches() }
        }
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

    /// Works until nobody waits. The batch belongs to all its appends: the cancellation of one of their tasks ends that
    /// one's wait, not the batch. It ends by itself, by the latest of their deadlines.
    private func startBatches() {
        let isStarted = work.start {
            while true {
                let items = self.next()
                if items.isEmpty { return }
                let results = await self.send(items.map(\.append), isCancellable: false)
                self.state.withLock { state in for item in items { state.sent[ObjectIdentifier(item)] = nil } }
                for (item, result) in zip(items, results) { item.finish(result) }
                // Those who append again at once are to be in the next batch: they go first.
                if items.count > 1 { await Task.yield() }
            }
        }
        if isStarted { return }
        while case let items = next(), !items.isEmpty {
            state.withLock { state in for item in items { state.sent[ObjectIdentifier(item)] = nil } }
            for item in items { item.finish(.failure(.notSent(nil, .write))) }
        }
    }

    /// The next batch, in the order of the streams: one append for each stream, in the order of arrival. Empty: this
    /// batch's place is free again.
    private func next() -> [Item] {
        state.withLock { state in
            var taken: [PostgresKey: Item] = [:]
            var left: [Item] = []
            var bytes = 0
            for item in state.waiting {
                if item.isFinished { continue }
                let key = PostgresKey(item.append.stream)
                guard taken.count < Self.maximumAppends, bytes < Self.maximumBytes, taken[key] == nil else {
                    left.append(item)
                    continue
                }
                guard item.beginSending() else { continue }
                taken[key] = item
                state.sent[ObjectIdentifier(item)] = item
                bytes += item.append.events.reduce(0) { $0 + $1.data.count }
            }
            state.waiting = left
            if taken.isEmpty { state.batches -= 1 }
            return taken.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func send(_ appends: [PostgresAppend], isCancellable: Bool) async -> [Outcome] {
        let deadline = appends.map(\.deadline).max() ?? .after(.zero)
        do throws(StoreError) {
            let answers = try await pool.group(
                [PostgresAppendStatement.command(appends)], .write, isCancellable: isCancellable, deadline: deadline)
            let results = try PostgresAppendStatement.results(answers[0], appends)
            if !answers[0].isEmpty { onAppend() }
            return results.map { .success($0) }
        } catch {
            // The same event at the same moment by somebody else: the next look finds it there.
            if error.code == .alreadyExists, appends.count == 1 { return [.success(nil)] }
            // Values, constraints, syntax, limits: the others are not to blame for the server's state.
            let isOwn = ["21", "22", "23", "42", "54"].contains(error.sqlState?.prefix(2) ?? "")
            guard isOwn, appends.count > 1 else { return appends.map { _ in .failure(error) } }
            // One of them is at fault: each by itself.
            var outcomes: [Outcome] = []
            for append in appends { outcomes += await send([append], isCancellable: isCancellable) }
            return outcomes
        }
    }

    private func endOverdue() -> ContinuousClock.Instant? {
        let waiting = state.withLock { $0.waiting + $0.sent.values }
        let now = ContinuousClock.now
        var next: ContinuousClock.Instant?
        for item in waiting {
            let deadline = item.append.deadline.instant
            if deadline <= now {
                item.abandon { .failure(.timeout("the append", applied: $0 ? .unknown : .no)) }
            } else if !item.isFinished {
                next = min(next ?? deadline, deadline)
            }
        }
        return next
    }
}
