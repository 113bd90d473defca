import StoresCore
import Synchronization

/// When expired entries are freed again.
final class PostgresPurge: Sendable {
    private let next = Mutex(MonotonicInstant.now)
    private static let pause = Duration.seconds(10)

    /// True once in a while; who gets it does the work.
    var isDue: Bool {
        let now = MonotonicInstant.now
        return next.withLock { next in
            guard now >= next else { return false }
            next = now.advanced(by: Self.pause)
            return true
        }
    }
}
