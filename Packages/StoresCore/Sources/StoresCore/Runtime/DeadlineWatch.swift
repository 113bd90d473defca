import Dispatch
import Synchronization

/// Lets calls leave behind what they wait for: when their deadline passes, or their task is cancelled.
///
/// One timer looks after all of them, every 50 ms while there are any: cheaper than a timer for each call.
public final class DeadlineWatch: Sendable {
    private struct State {
        var calls: [UInt64: (deadline: Deadline, leave: @Sendable () -> Void)] = [:]
        var lastID: UInt64 = 0
        var isLooking = false
    }

    private let state = Guarded(State())
    private let queue: DispatchQueue

    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Starts something and waits for its answer.
    ///
    /// - Parameters:
    ///   - deadline: Kept to within 50 ms.
    ///   - leave: Called when the wait ends early; says what is known of the effects then, and ends what it can.
    ///   - start: Gets what takes the answer. The first one counts; later ones are dropped.
    /// - Throws: What the answer throws; `cancelled` and `timeout`.
    public func wait<T: Sendable>(
        until deadline: Deadline, leave: @escaping @Sendable () -> StoreError.Applied?,
        start: (_ answer: @escaping @Sendable (Result<T, StoreError>) -> Void) -> Void
    ) async throws(StoreError) -> T {
        let answer = Answer<T>()
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let cancel: @Sendable () -> Void = { answer.give { .failure(.cancelled(applied: leave())) } }
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.set(continuation)
                watch(id, deadline) { answer.give { .failure(.timeout("the call", applied: leave())) } }
                start { result in answer.give { result } }
                // A cancellation before there was a continuation found nobody to answer.
                if Task.isCancelled { cancel() }
            }
        } onCancel: {
            cancel()
        }
        state.withLock { $0.calls[id] = nil }
        return try result.get()
    }

    private func watch(_ id: UInt64, _ deadline: Deadline, _ leave: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            state.calls[id] = (deadline, leave)
            defer { state.isLooking = true }
            return !state.isLooking
        }
        if starts { lookLater() }
    }

    private func lookLater() {
        queue.asyncAfter(deadline: .now() + .milliseconds(50)) { [self] in
            let (passed, goesOn) = state.withLock { state in
                let passed = state.calls.filter { $0.value.deadline.hasPassed }
                for id in passed.keys { state.calls[id] = nil }
                state.isLooking = !state.calls.isEmpty
                return (passed.values.map(\.leave), state.isLooking)
            }
            for leave in passed { leave() }
            if goesOn { lookLater() }
        }
    }

    /// Answers once; what comes later is dropped.
    private final class Answer<T: Sendable>: Sendable {
        /// One for each call, which hardly ever two want at once: no memory of its own is made for it.
        private let continuation = Mutex<CheckedContinuation<Result<T, StoreError>, Never>?>(nil)

        func set(_ new: CheckedContinuation<Result<T, StoreError>, Never>) { continuation.withLock { $0 = new } }

        func give(_ result: () -> Result<T, StoreError>) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            waiting?.resume(returning: result())
        }
    }
}
