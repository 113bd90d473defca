import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where the library takes the time of day from: expiry, creation times, leases. Injected, so that tests can move it.
public protocol StoreClock: Sendable {
    var now: Timestamp { get }
}

/// The machine's clock.
public struct SystemStoreClock: StoreClock {
    public init() {}

    public var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A clock that moves only when it is told to.
public final class ManualStoreClock: StoreClock {
    private let current: Mutex<Timestamp>

    /// - Parameter start: By default 2026-01-01T00:00:00Z.
    public init(start: Timestamp = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)) {
        current = Mutex(start)
    }

    public var now: Timestamp { current.withLock { $0 } }

    public func advance(by duration: Duration) {
        current.withLock { $0 = $0.advanced(by: duration) }
    }
}
