import Dispatch
import Synchronization

/// A bounded number of threads for calls that block: file I/O, C libraries. Keeps them off the cooperative pool.
///
/// Work waits in order of arrival. A task that is cancelled while its work waits takes it out again.
public final class BlockingPool: Sendable {
    private struct State {
        /// Tickets in order of arrival, from `nextTicket` on; those that are not in `jobs` any more were cancelled.
        var tickets: [UInt64] = []
        var nextTicket = 0
        var jobs: [UInt64: Job] = [:]
        var lastID: UInt64 = 0
        /// The threads that have nothing to do.
        var idle: [DispatchQueue]
    }

    private enum Outcome { case run, cancelled }
    private typealias Job = @Sendable (Outcome) -> Void

    private let state: Mutex<State>
    private let watch: DeadlineWatch

    /// - Parameters:
    ///   - label: The name of the threads' queues.
    ///   - threads: How many calls may block at the same time, at least 1.
    public init(label: String, threads: Int) {
        // One serial queue for each thread. Serial queues get threads of their own; the blocks of a concurrent queue
        // would share the threads of Swift's cooperative pool on Linux, and starve it.
        let queues = (0..<max(1, threads)).map { DispatchQueue(label: "\(label)-\($0)") }
        state = Mutex(State(idle: queues.reversed()))
        watch = DeadlineWatch(label: "\(label)-watch")
    }

    /// How many calls wait for a thread.
    var waitingCount: Int { state.withLock { $0.jobs.count } }

    /// Runs `body` on one of the threads.
    ///
    /// - Throws: What `body` throws; `cancelled` when the task was cancelled before `body` began. A body that runs is
    ///   not interrupted.
    public func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
                let job: Job = { outcome in
                    guard outcome == .run else {
                        return continuation.resume(returning: .failure(.cancelled(applied: .no)))
                    }
                    continuation.resume(returning: Result(catching: body))
                }
                if Task.isCancelled { return job(.cancelled) }
                enqueue(id, job)
                // A cancellation before the line above found nothing to take out.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        return try result.get()
    }

    /// Runs `body` on one of the threads, and does not wait for it longer than the deadline or the task's cancellation:
    /// then it is left behind, its result is dropped, and its thread is free once it returns.
    ///
    /// - Parameters:
    ///   - deadline: Kept to within 50 ms.
    ///   - applied: What is known of the effects of a body that was left behind.
    /// - Throws: What `body` throws; `cancelled` and `timeout`.
    public func run<T: Sendable>(
        until deadline: Deadline, applied: StoreError.Applied?,
        _ body: @escaping @Sendable () throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        // One that still waits for a thread is taken out.
        let leave: @Sendable () -> StoreError.Applied? = { [self] in
            state.withLock { $0.jobs.removeValue(forKey: id) } == nil ? applied : .no
        }
        return try await watch.wait(until: deadline, leave: leave) { answer in
            enqueue(id) { outcome in if outcome == .run { answer(Result(catching: body)) } }
        }
    }

    private func enqueue(_ id: UInt64, _ job: @escaping Job) {
        let queue = state.withLock { state in
            state.tickets.append(id)
            state.jobs[id] = job
            return state.idle.popLast()
        }
        if let queue { queue.async { self.drain(queue) } }
    }

    private func drain(_ queue: DispatchQueue) {
        while let job = next(queue) { job(.run) }
    }

    /// The job that has waited longest; nil, and the thread is idle, when there is none.
    private func next(_ queue: DispatchQueue) -> Job? {
        state.withLock { state in
            while state.nextTicket < state.tickets.count {
                let ticket = state.tickets[state.nextTicket]
                state.nextTicket += 1
                // Now and then what was handed out is dropped: O(1) for each ticket in the long run.
                if state.nextTicket > 64, state.nextTicket * 2 > state.tickets.count {
                    state.tickets.removeFirst(state.nextTicket)
                    state.nextTicket = 0
                }
                if let job = state.jobs.removeValue(forKey: ticket) { return job }
            }
            state.idle.append(queue)
            return nil
        }
    }

    private func cancel(_ id: UInt64) {
        state.withLock { $0.jobs.removeValue(forKey: id) }?(.cancelled)
    }
}
