/// The instant by which a call must have finished. A plain value: it is handed down, and each layer that waits
/// (pool, socket, back-off) waits no longer than what remains.
public struct Deadline: Sendable, Hashable, Comparable {
    public var instant: ContinuousClock.Instant

    public init(_ instant: ContinuousClock.Instant) {
        self.instant = instant
    }

    public static func after(_ duration: Duration) -> Deadline {
        Deadline(ContinuousClock.now.advanced(by: duration))
    }

    /// What is left; zero when it has passed.
    public var remaining: Duration {
        max(.zero, ContinuousClock.now.duration(to: instant))
    }

    public var hasPassed: Bool { ContinuousClock.now >= instant }

    /// What is left in milliseconds, at least 0, at most `Int32.max`: what C libraries take as a time-out.
    public var remainingMilliseconds: Int32 {
        Int32(clamping: remaining.wholeMilliseconds)
    }

    public static func < (lhs: Deadline, rhs: Deadline) -> Bool { lhs.instant < rhs.instant }
}
