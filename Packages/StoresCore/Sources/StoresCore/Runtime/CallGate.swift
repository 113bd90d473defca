/// Counts the calls of one backend that are under way: bounds them, refuses them after shutdown, and lets shutdown wait
/// for the last. Waiting callers are served in order.
final class CallGate: Sendable {
    private struct State {
        var isClosed = false
        var active = 0
        /// Downloads that are open: they hold up a shutdown, and take no place.
        var streams = 0
        /// Whoever still reads a stream is refused.
        var isDrained = false
        var waiting: [Waiter] = []
        var nextID: UInt64 = 0
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    private struct Waiter {
        var id: UInt64
        var continuation: CheckedContinuation<Admission, Never>
    }

    private enum Admission { case entered, closed, gaveUp }
    private enum Decision { case entered, closed, wait(UInt64) }

    private let limit: Int
    private let closedError: StoreError
    private let state = Guarded(State())

    /// - Parameter closedError: What calls meet once it is closed.
    init(limit: Int?, closedError: StoreError = .shutDown) {
        self.limit = max(1, limit ?? .max)
        self.closedError = closedError
    }

    /// Takes a place, waiting for one until the deadline. Every success is followed by one `leave`.
    /// Returns how long it waited, nil when it did not.
    func enter(deadline: Deadline) async throws(StoreError) -> Duration? {
        let decision = state.withLock { state -> Decision in
            if state.isClosed { return .closed }
            if state.active < limit {
                state.active += 1
                return .entered
            }
            state.nextID += 1
            return .wait(state.nextID)
        }
        switch decision {
        case .entered: return nil
        case .closed: throw closedError
        case .wait(let id):
            let start = MonotonicInstant.now
            try await wait(id, deadline: deadline)
            return start.duration(to: .now)
        }
    }

    private func wait(_ id: UInt64, deadline: Deadline) async throws(StoreError) {
        // Only a caller that must wait pays for a task that watches its deadline.
        let admission = await withTaskGroup(of: Void.self, returning: Admission.self) { group in
            group.addTask {
                try? await Task.sleep(for: deadline.remaining)
                self.giveUp(id)
            }
            let admission = await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let immediate = state.withLock { state -> Admission? in
                        if state.isClosed { return .closed }
                        if Task.isCancelled || deadline.hasPassed { return .gaveUp }
                        if state.active < limit {
                            state.active += 1
                            return .entered
                        }
                        state.waiting.append(Waiter(id: id, continuation: continuation))
                        return nil
                    }
                    if let immediate { continuation.resume(returning: immediate) }
                }
            } onCancel: {
                self.giveUp(id)
            }
            group.cancelAll()
            return admission
        }
        switch admission {
        case .entered: return
        case .closed: throw closedError
        case .gaveUp:
            if Task.isCancelled { throw .cancelled(applied: .no) }
            throw StoreError(
                .timeout, "no place among \(limit) concurrent calls became free before the deadline",
                remedy: "raise STORE_MAX_CONCURRENCY or call less at a time", applied: .no, isRetryable: false,
                isLocal: true)
        }
    }

    private func giveUp(_ id: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiting.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiting.remove(at: index)
        }
        waiter?.continuation.resume(returning: .gaveUp)
    }

    func leave() {
        let (waiter, drained) = state.withLock { state -> (Waiter?, [CheckedContinuation<Void, Never>]) in
            // The place passes on directly, so that a newcomer can't overtake who waits.
            if !state.waiting.isEmpty { return (state.waiting.removeFirst(), []) }
            state.active -= 1
            return (nil, Self.takeDrained(&state))
        }
        waiter?.continuation.resume(returning: .entered)
        for continuation in drained { continuation.resume() }
    }

    /// Those who wait for the end, when it has come.
    private static func takeDrained(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        guard state.active == 0, state.streams == 0 else { return [] }
        defer { state.drained = [] }
        return state.drained
    }

    /// Counts a stream that a call of this gate opened, until what is returned is dropped. It takes no place among the
    /// concurrent calls: a reader that writes to the same backend would wait for itself.
    func openStream() -> OpenStream {
        state.withLock { $0.streams += 1 }
        return OpenStream(self)
    }

    final class OpenStream: Sendable {
        private let gate: CallGate

        fileprivate init(_ gate: CallGate) { self.gate = gate }

        deinit { gate.closeStream() }

        /// Throws once the backend was shut down under the stream.
        func check() throws(StoreError) {
            if gate.state.withLock({ $0.isDrained }) { throw gate.closedError }
        }
    }

    private func closeStream() {
        let drained = state.withLock { state in
            state.streams -= 1
            return Self.takeDrained(&state)
        }
        for continuation in drained { continuation.resume() }
    }

    /// Refuses new and waiting calls from now on. False when it was closed before.
    func close() -> Bool {
        let (first, waiting) = state.withLock { state -> (Bool, [Waiter]) in
            defer { (state.isClosed, state.waiting) = (true, []) }
            return (!state.isClosed, state.waiting)
        }
        for waiter in waiting { waiter.continuation.resume(returning: .closed) }
        return first
    }

    /// Returns when no call is under way and no stream is open.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state -> Bool in
                let isEmpty = state.active == 0 && state.streams == 0
                if !isEmpty { state.drained.append(continuation) }
                return isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Lets every `drain` return, although calls are under way, and refuses the streams that are still open.
    func endDrain() {
        let drained = state.withLock { state in
            state.isDrained = true
            defer { state.drained = [] }
            return state.drained
        }
        for continuation in drained { continuation.resume() }
    }

    /// For tests.
    var waitingCount: Int { state.withLock { $0.waiting.count } }
    var activeCount: Int { state.withLock { $0.active } }
}

extension StoreError {
    static let shutDown = StoreError(
        .unavailable, "the store was shut down", remedy: "open the stores anew", applied: .no, isRetryable: false,
        isLocal: true)
}
