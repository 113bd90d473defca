import Dispatch
import Synchronization

/// One timer for many deadlines: looks at all of them when the earliest has come.
public final class DeadlineSweep: Sendable {
    private let queue: DispatchQueue
    private let next = Mutex<MonotonicInstant?>(nil)

    public init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Calls `sweep` at the instant, unless that happens earlier anyway. `sweep` ends what is overdue and returns the
    /// next instant to look at.
    public func arm(_ instant: MonotonicInstant, _ sweep: @escaping @Sendable () -> MonotonicInstant?) {
        let isLater = next.withLock { next in
            if let next, next <= instant { return true }
            next = instant
            return false
        }
        if isLater { return }
        let milliseconds = max(1, min(86_400_000, Deadline(instant).remainingMilliseconds))
        queue.asyncAfter(deadline: .now() + .milliseconds(Int(milliseconds))) {
            let isDue = self.next.withLock { next in
                // Another was armed for an earlier time, and what was left then armed anew.
                guard next == instant else { return false }
                next = nil
                return true
            }
            guard isDue else { return }
            if let again = sweep() { self.arm(again, sweep) }
        }
    }
}
