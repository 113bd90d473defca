import Dispatch
import StoresCore
import Synchronization

/// What is overdue.
extension PostgresConnection {
    /// The server's limit for a statement, rounded up to a power of two of milliseconds, so that it seldom changes: the
    /// caller's own deadline is exact, this one frees the server.
    static func statementTimeout(for deadline: MonotonicInstant, _ now: MonotonicInstant) -> Int {
        let remaining = max(1, now.duration(to: deadline).wholeMilliseconds)
        var limit = 1024
        while limit < remaining, limit < 1 << 30 { limit *= 2 }
        return limit
    }

    func arm(_ deadline: MonotonicInstant) {
        if inbox.withLock({ $0.sweeps(earlierAt: deadline) }) { scheduleSweep(deadline) }
    }

    func scheduleSweep(_ deadline: MonotonicInstant) {
        queue.asyncAfter(deadline: .now() + .nanoseconds(Self.nanoseconds(until: deadline))) { [weak self] in
            self?.sweep()
        }
    }

    static func nanoseconds(until deadline: MonotonicInstant) -> Int {
        let milliseconds = Deadline(deadline).remainingMilliseconds
        return Int(min(max(1, milliseconds), 86_400_000)) * 1_000_000
    }

    /// Ends what is overdue. The answer, should it come, is thrown away.
    func sweep() {
        lock.withLock { _ in
            inbox.withLock { $0.sweepAt = nil }
            guard isOpen else { return }
            let now = MonotonicInstant.now
            let waiting = pipeline.requests + inbox.withLock { $0.requests }
            var next: MonotonicInstant?
            for request in waiting {
                if request.deadline <= now {
                    request.abandon { .timedOut(wasSent: $0) }
                } else if !request.isFinished {
                    next = min(next ?? request.deadline, request.deadline)
                }
            }
            if let oldest = pipeline.requests.first {
                let limit = max(oldest.deadline, serverLimit).advanced(by: Self.patience)
                // Nothing comes any more, not even the server's own time-out.
                if limit <= now { return fail() }
                if oldest.deadline <= now { next = min(next ?? limit, limit) }
            }
            if let next { arm(next) }
        }
    }

    /// When the server ends the statement that it is busy with.
    var serverLimit: MonotonicInstant {
        let begin = openedAt.advanced(by: .nanoseconds(progress.load(ordering: .relaxed)))
        return begin.advanced(by: .milliseconds(pipeline.statementTimeout))
    }
}
