import Dispatch
import StoresCore
import Synchronization

/// Gathers calls of many tasks: while one batch is under way, those that come wait together, and are the next one.
/// There is no timer; a call that finds nobody under way goes at once.
final class MongoBatcher<Item: Sendable, Output: Sendable>: Sendable {
    typealias Answer = @Sendable (Result<Output, StoreError>) -> Void

    private struct Waiting {
        var id: UInt64
        var item: Item
        var bytes: Int
        var deadline: Deadline
        var answer: Answer
    }

    private struct State {
        var waiting: [Waiting] = []
        var lastID: UInt64 = 0
        var isRunning = false
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let watch: DeadlineWatch
    private let process: @Sendable ([Item], Deadline) -> [Result<Output, StoreError>]

    /// - Parameter process: Runs on a thread of its own; one result for each item.
    init(label: String, process: @escaping @Sendable ([Item], Deadline) -> [Result<Output, StoreError>]) {
        queue = DispatchQueue(label: label)
        watch = DeadlineWatch(label: "\(label)-watch")
        self.process = process
    }

    /// - Parameter bytes: About how large the item is.
    func run(_ item: Item, bytes: Int, deadline: Deadline) async throws(StoreError) -> Output {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        // One that still waits is taken out.
        let leave: @Sendable () -> StoreError.Applied? = { [self] in
            state.withLock { state in
                guard let place = state.waiting.firstIndex(where: { $0.id == id }) else { return .unknown }
                state.waiting.remove(at: place)
                return .no
            }
        }
        return try await watch.wait(until: deadline, leave: leave) { answer in
            let starts = state.withLock { state in
                state.waiting.append(
                    Waiting(id: id, item: item, bytes: bytes, deadline: deadline, answer: answer))
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if starts { queue.async { self.drain() } }
        }
    }

    private func drain() {
        while let batch = next() {
            let deadline = batch.map(\.deadline).min() ?? .after(.zero)
            let results = process(batch.map(\.item), deadline)
            for (waiting, result) in zip(batch, results) { waiting.answer(result) }
        }
    }

    private func next() -> [Waiting]? {
        state.withLock { state in
            guard let first = state.waiting.first else {
                state.isRunning = false
                return nil
            }
            // One with little time left goes alone: the whole batch has the time of its most urgent call.
            let little = Duration.milliseconds(250)
            var count = 1
            var bytes = first.bytes
            if first.deadline.remaining >= little {
                while count < state.waiting.count, count < 500, bytes + state.waiting[count].bytes <= 8 << 20,
                    state.waiting[count].deadline.remaining >= little
                {
                    bytes += state.waiting[count].bytes
                    count += 1
                }
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return batch
        }
    }
}
