import Dispatch
import Synchronization

/// A bounded number of threads for calls that block: file I/O, C libraries. Keeps them off the cooperative pool.
///
/// Work waits in order of arrival. A task that is cancelled while its work waits takes it out again.
public final class BlockingPool: Sendable {
    private struct State {
        var waiting: [(id: UInt64, job: Job)] = []
        var running = 0
        var nextID: UInt64 = 0
    }

    private enum Outcome { case run, cancelled }
    private typealias Job = @Sendable (Outcome) -> Void

    private let queue: DispatchQueue
    private let limit: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - label: The name of the threads' queue.
    ///   - threads: How many calls may block at the same time, at least 1.
    public init(label: String, threads: Int) {
        queue = DispatchQueue(label: label, attributes: .concurrent)
        limit = max(1, threads)
    }

    /// Runs `body` on one of the threads.
    ///
    /// - Throws: What `body` throws; `cancelled` when the task was cancelled before `body` began. A body that runs is
    ///   not interrupted.
    public func run<T: Sendable>(
        _ body: @escaping @Sendable () throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
                let job: Job = { outcome in
                    guard outcome == .run else {
                        return continuation.resume(returning: .failure(.cancelled(applied: .no)))
                    }
                    continuation.resume(returning: Result(catching: body))
                }
                enqueue(id, job)
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        return try result.get()
    }

    private func enqueue(_ id: UInt64, _ job: @escaping Job) {
        let startsThread = state.withLock { state in
            state.waiting.append((id, job))
            guard state.running < limit else { return false }
            state.running += 1
            return true
        }
        if startsThread { queue.async { self.drain() } }
    }

    private func drain() {
        while let job = next() { job(.run) }
    }

    private func next() -> Job? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst().job
        }
    }

    private func cancel(_ id: UInt64) {
        let job = state.withLock { state -> Job? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index).job
        }
        job?(.cancelled)
    }
}
