#if SQLite
import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// One call's right to go on: its deadline, its task's cancellation, and how long it may wait for a lock.
///
/// SQLite asks it from its progress handler (so that a long statement stops) and from its busy handler (so that
/// waiting for another process never outlasts the call).
final class SQLiteCall: Sendable {
    let deadline: Deadline
    private let busyTimeout: Duration
    private let cancelled = Atomic<Bool>(false)
    private let busySince = Mutex<MonotonicInstant?>(nil)

    init(deadline: Deadline, busyTimeout: Duration) {
        self.deadline = deadline
        self.busyTimeout = busyTimeout
    }

    func cancel() { cancelled.store(true, ordering: .relaxed) }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    var mustStop: Bool { isCancelled || deadline.hasPassed }

    /// Throws why the call must stop, if it must.
    func check(applied: StoreError.Applied? = nil) throws(StoreError) {
        if let error = stopError(applied: applied) { throw error }
    }

    func stopError(applied: StoreError.Applied? = nil) -> StoreError? {
        if isCancelled { return .cancelled(applied: applied) }
        if deadline.hasPassed { return .timeout("the call", applied: applied) }
        return nil
    }

    /// Sleeps a little before SQLite tries for the lock again; false when the call is to give up.
    func waitForLock(attempt: Int32) -> Bool {
        let now = MonotonicInstant.now
        let since = busySince.withLock { since in
            if attempt == 0 { since = now }
            return since ?? now
        }
        if mustStop || since.duration(to: now) >= busyTimeout { return false }
        usleep(attempt < 3 ? 500 : attempt < 10 ? 2_000 : 10_000)
        return true
    }
}
#endif
