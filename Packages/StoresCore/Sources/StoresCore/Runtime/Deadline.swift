/// The instant by which a call must have finished. A plain value: it is handed down, and each layer that waits
/// (pool, socket, back-off) waits no longer than what remains.
@frozen
public struct Deadline: Sendable, Hashable, Comparable {
    public var instant: MonotonicInstant

    @inlinable
    public init(_ instant: MonotonicInstant) {
        self.instant = instant
    }

    /// The same instant, to within the time between two looks at the clock.
    @_disfavoredOverload
    public init(_ instant: ContinuousClock.Instant) {
        self.instant = MonotonicInstant(instant)
    }

    @inlinable
    public static func after(_ duration: Duration) -> Deadline { Deadline(.now + duration) }

    /// What is left; zero when it has passed.
    @inlinable
    public var remaining: Duration {
        .nanoseconds(max(0, MonotonicInstant.now.nanoseconds(to: instant)))
    }

    @inlinable
    public var hasPassed: Bool { MonotonicInstant.now >= instant }

    /// What is left in milliseconds, rounded up, at least 0, at most `Int32.max`: what C libraries take as a time-out.
    public var remainingMilliseconds: Int32 {
        let nanoseconds = MonotonicInstant.now.nanoseconds(to: instant)
        return nanoseconds <= 0 ? 0 : Int32(clamping: (nanoseconds - 1) / 1_000_000 + 1)
    }

    @inlinable
    public static func < (lhs: Deadline, rhs: Deadline) -> Bool { lhs.instant < rhs.instant }
}
