import Synchronization

/// Stops calling a backend that does not answer: after `threshold` calls in a row that ended in `unavailable` or
/// `timeout`, calls fail at once for `coolDown`; then one is let through, and decides.
final class CircuitBreaker: Sendable {
    struct Settings: Sendable, Hashable {
        var threshold: Int
        var coolDown: Duration
    }

    /// The decisions, without a clock of their own.
    struct Machine {
        private enum State {
            case closed(failures: Int)
            case open(until: MonotonicInstant)
            case halfOpen
        }

        let settings: Settings
        private var state = State.closed(failures: 0)

        init(settings: Settings) {
            self.settings = settings
        }

        var isUntroubled: Bool {
            if case .closed(failures: 0) = state { true } else { false }
        }

        /// Nil when the call may go; else how long to leave the backend alone.
        mutating func admit(now: @autoclosure () -> MonotonicInstant) -> Duration? {
            switch state {
            case .closed: return nil
            case .halfOpen: return settings.coolDown
            case .open(let until):
                let now = now()
                guard now >= until else { return now.duration(to: until) }
                state = .halfOpen
                return nil
            }
        }

        /// The call ended without a verdict (it was cancelled, or failed for a local reason): a trial is given back.
        mutating func abandoned(now: @autoclosure () -> MonotonicInstant) {
            if case .halfOpen = state { state = .open(until: now()) }
        }

        mutating func succeeded() {
            state = .closed(failures: 0)
        }

        mutating func failed(now: @autoclosure () -> MonotonicInstant) {
            switch state {
            case .closed(let failures) where failures + 1 < settings.threshold:
                state = .closed(failures: failures + 1)
            case .closed, .halfOpen:
                state = .open(until: now().advanced(by: settings.coolDown))
            case .open: break
            }
        }
    }

    private let machine: Guarded<Machine>
    /// No call has failed since the last that succeeded: nearly always, and then no call has to take the lock.
    private let isUntroubled = Atomic<Bool>(true)

    init(_ settings: Settings) {
        machine = Guarded(Machine(settings: settings))
    }

    func admit() throws(StoreError) {
        if isUntroubled.load(ordering: .acquiring) { return }
        let wait = machine.withLock { $0.admit(now: .now) }
        guard let wait else { return }
        throw StoreError(
            .unavailable, "the backend failed repeatedly and is left alone for another \(wait.wholeMilliseconds) ms",
            remedy: "look at it with: stores doctor", applied: .no, retryAfter: wait, isRetryable: false)
    }

    /// What one attempt says about the backend. Nil when it says nothing: it was cancelled, the cause is local, or it
    /// timed out with less time than `patience`, of which the caller's deadline may be the cause.
    ///
    /// - Parameter allowed: How long the driver had.
    static func verdict(of error: StoreError, allowed: Duration, patience: Duration) -> Verdict? {
        if error.isLocal { return nil }
        return switch error.code {
        case .cancelled: nil
        case .timeout: allowed < patience ? nil : .failed
        case .unavailable: .failed
        // An error of the caller's (a conflict, a bad argument) proves that the backend answers.
        default: .answered
        }
    }

    enum Verdict { case answered, failed }

    func record(_ verdict: Verdict?) {
        if verdict != .failed, isUntroubled.load(ordering: .acquiring) { return }
        machine.withLock { machine in
            defer { isUntroubled.store(machine.isUntroubled, ordering: .releasing) }
            switch verdict {
            case .failed?: machine.failed(now: .now)
            case .answered?: machine.succeeded()
            case nil: machine.abandoned(now: .now)
            }
        }
    }
}
