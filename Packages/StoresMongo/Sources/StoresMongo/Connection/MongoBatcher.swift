import Dispatch
import StoresCore
import Synchronization

/// Gathers calls of many tasks: while as many batches are under way as there are lanes, those that come wait together,
/// and are the next one. There is no timer; a call that finds a lane free goes at once.
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
        /// Calls in the batches that are under way.
        var running = 0
        /// The lanes that have nothing to do.
        var idle: [DispatchQueue]
    }

    private let state: Mutex<State>
    private let lanes: Int
    private let watch: DeadlineWatch
    private let process: @Sendable ([Item], Deadline) -> [Result<Output, StoreError>]

    /// - Parameters:
    ///   - lanes: How many batches may be under way at the same time; more than one leaves no order among them.
    ///   - process: Runs on a thread of its own; one result for each item.
    init(
        label: String, lanes: Int, process: @escaping @Sendable ([Item], Deadline) -> [Result<Output, StoreError>]
    ) {
        state = Mutex(State(idle: (0..<lanes).reversed().map { DispatchQueue(label: "\(label)-\($0)") }))
        self.lanes = lanes
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
            let lane = state.withLock { state in
                state.waiting.append(
                    Waiting(id: id, item: item, bytes: bytes, deadline: deadline, answer: answer))
                return state.idle.popLast()
            }
            if let lane { lane.async { self.drain(lane) } }
        }
    }

    private func drain(_ lane: DispatchQueue) {
        var done = 0
        while let batch = next(after: done, lane) {
            let deadline = batch.map(\.deadline).min() ?? .after(.zero)
            let results = process(batch.map(\.item), deadline)
            for (waiting, result) in zip(batch, results) { waiting.answer(result) }
            done = batch.count
        }
    }

    private func next(after done: Int, _ lane: DispatchQueue) -> [Waiting]? {
        state.withLock { state in
            state.running -= done
            guard let first = state.waiting.first else {
                state.idle.append(lane)
                return nil
            }
            // Each lane its share, lest one takes all and the others have nothing to do.
            let most = min(500, (state.waiting.count + state.running + lanes - 1) / lanes)
            // One with little time left goes alone: the whole batch has the time of its most urgent call.
            let little = Duration.milliseconds(250)
            var count = 1
            var bytes = first.bytes
            if first.deadline.remaining >= little {
                while count < state.waiting.count, count < most, bytes + state.waiting[count].bytes <= 8 << 20,
                    state.waiting[count].deadline.remaining >= little
                {
                    bytes += state.waiting[count].bytes
                    count += 1
                }
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            state.running += count
            return batch
        }
    }
}
