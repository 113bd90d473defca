import Dispatch
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

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
        /// Whether a thread that has nothing to do still looks for work.
        var isOneLingering = false
    }

    private enum Outcome { case run, cancelled }
    private typealias Job = @Sendable (Outcome) -> Void

    private let state: Guarded<State>
    /// As many as `jobs`, to be looked at without the lock.
    private let jobCount = Atomic<Int>(0)
    private let lingering: Duration
    private let watch: DeadlineWatch

    /// - Parameters:
    ///   - label: The name of the threads' queues.
    ///   - threads: How many calls may block at the same time, at least 1.
    ///   - lingering: How long one of the threads looks for more work, on a processor, before it sleeps. To wake it
    ///     costs a caller that comes again and again more than some servers take to answer.
    public init(label: String, threads: Int, lingering: Duration = .zero) {
        // One serial queue for each thread. Serial queues get threads of their own; the blocks of a concurrent queue
        // would share the threads of Swift's cooperative pool on Linux, and starve it.
        let queues = (0..<max(1, threads)).map { DispatchQueue(label: "\(label)-\($0)") }
        state = Guarded(State(idle: queues.reversed()))
        watch = DeadlineWatch(label: "\(label)-watch")
        self.lingering = lingering
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
            takeOut(id) == nil ? applied : .no
        }
        return try await watch.wait(until: deadline, leave: leave) { answer in
            enqueue(id) { outcome in if outcome == .run { answer(Result(catching: body)) } }
        }
    }

    private func enqueue(_ id: UInt64, _ job: @escaping Job) {
        let queue: DispatchQueue? = state.withLock { state in
            state.tickets.append(id)
            state.jobs[id] = job
            jobCount.add(1, ordering: .relaxed)
            // It looks into the state once more before it sleeps.
            if state.isOneLingering {
                state.isOneLingering = false
                return nil
            }
            return state.idle.popLast()
        }
        if let queue { queue.async { self.drain(queue) } }
    }

    private func drain(_ queue: DispatchQueue) {
        while true {
            while let job = next() { job(.run) }
            linger()
            let isIdle = state.withLock { state in
                guard state.jobs.isEmpty else { return false }
                state.idle.append(queue)
                return true
            }
            if isIdle { return }
        }
    }

    /// The job that has waited longest, if any.
    private func next() -> Job? {
        state.withLock { state in
            while state.nextTicket < state.tickets.count {
                let ticket = state.tickets[state.nextTicket]
                state.nextTicket += 1
                // Now and then what was handed out is dropped: O(1) for each ticket in the long run.
                if state.nextTicket > 64, state.nextTicket * 2 > state.tickets.count {
                    state.tickets.removeFirst(state.nextTicket)
                    state.nextTicket = 0
                }
                if let job = take(ticket, &state) { return job }
            }
            return nil
        }
    }

    /// Waits a little for work, unless another thread does. Others that want to run may do so in between.
    private func linger() {
        guard lingering > .zero else { return }
        let isFirst = state.withLock { state in
            defer { state.isOneLingering = true }
            return !state.isOneLingering
        }
        guard isFirst else { return }
        let end = MonotonicInstant.now + lingering
        while jobCount.load(ordering: .relaxed) == 0, MonotonicInstant.now < end { sched_yield() }
        state.withLock { $0.isOneLingering = false }
    }

    private func take(_ id: UInt64, _ state: inout State) -> Job? {
        guard let job = state.jobs.removeValue(forKey: id) else { return nil }
        jobCount.subtract(1, ordering: .relaxed)
        return job
    }

    private func takeOut(_ id: UInt64) -> Job? { state.withLock { take(id, &$0) } }

    private func cancel(_ id: UInt64) { takeOut(id)?(.cancelled) }
}
