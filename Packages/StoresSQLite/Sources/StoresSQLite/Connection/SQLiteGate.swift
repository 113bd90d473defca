#if SQLite
import Dispatch
import StoresCore
import Synchronization

/// Lets a number of calls in at a time, in order of arrival. Who waits, waits no longer than its deadline, and
/// leaves at once when its task is cancelled: a queue of GRDB alone can't do that.
final class SQLiteGate: Sendable {
    private enum Outcome { case entered, timedOut, cancelled, closed }

    private struct Waiter {
        var id: UInt64
        var deadline: MonotonicInstant
        var continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var free: Int
        var isClosed = false
        var waiting: [Waiter] = []
        var nextID: UInt64 = 0
        /// The one timer, made when the first call has to wait; it goes with the gate.
        var timer: (any DispatchSourceTimer)?
        /// When it rings next, if it is set.
        var alarm: MonotonicInstant?
    }

    private let state: Mutex<State>
    private let what: String

    init(places: Int, what: String) {
        state = Mutex(State(free: max(1, places)))
        self.what = what
    }

    deinit { state.withLock { $0.timer?.cancel() } }

    /// How many calls wait.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func enter(deadline: Deadline) async throws(StoreError) {
        let id = state.withLock { state -> UInt64? in
            if !state.isClosed, state.free > 0, state.waiting.isEmpty {
                state.free -= 1
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
                wait(Waiter(id: id, deadline: deadline.instant, continuation: continuation))
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        switch outcome {
        case .entered: return
        case .timedOut: throw .timeout("waiting for \(what)", applied: .no)
        case .cancelled: throw .cancelled(applied: .no)
        case .closed:
            throw StoreError(
                .unavailable, "the SQLite backend was shut down", remedy: "open the stores anew", applied: .no,
                isRetryable: false)
        }
    }

    func leave() {
        let next = state.withLock { state -> Waiter? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: .entered)
    }

    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume(returning: .closed) }
    }

    private func wait(_ waiter: Waiter) {
        let outcome = state.withLock { state -> Outcome? in
            if state.isClosed { return .closed }
            if state.free > 0, state.waiting.isEmpty {
                state.free -= 1
                return .entered
            }
            state.waiting.append(waiter)
            if state.alarm.map({ waiter.deadline < $0 }) ?? true { ring(at: waiter.deadline, &state) }
            return nil
        }
        if let outcome { waiter.continuation.resume(returning: outcome) }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index)
        }
        waiter?.continuation.resume(returning: .cancelled)
    }

    // One timer for all who wait, set for the earliest deadline: a call that need not wait costs none. Who leaves
    // earlier leaves it as it is; it then rings once in vain.
    private func ring(at instant: MonotonicInstant, _ state: inout State) {
        let timer: any DispatchSourceTimer
        if let known = state.timer {
            timer = known
        } else {
            timer = DispatchSource.makeTimerSource(queue: .global())
            timer.setEventHandler { [weak self] in self?.expire() }
            timer.activate()
            state.timer = timer
        }
        state.alarm = instant
        let milliseconds = Int(Deadline(instant).remainingMilliseconds)
        timer.schedule(deadline: .now() + .milliseconds(min(milliseconds, 86_400_000) + 1))
    }

    private func expire() {
        let expired = state.withLock { state in
            let now = MonotonicInstant.now
            let expired = state.waiting.filter { $0.deadline <= now }
            state.waiting.removeAll { $0.deadline <= now }
            state.alarm = nil
            if let next = state.waiting.map(\.deadline).min() { ring(at: next, &state) }
            return expired
        }
        for waiter in expired { waiter.continuation.resume(returning: .timedOut) }
    }
}
#endif
