#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An instant of the clock that `ContinuousClock` reads, in one machine word.
///
/// The layout of `ContinuousClock.Instant` is not known to the compiler on Linux: to copy or to compare two of them
/// takes calls through tables, and what holds one is laid out at run time. Every call carries a deadline, hence this.
///
/// It counts nanoseconds, those included that the machine is asleep, from an origin that is the same for all processes
/// of a machine until it starts anew. Instants and durations saturate at the ends of `Int64`: 292 years.
@frozen
public struct MonotonicInstant: Sendable, Hashable, Comparable {
    @usableFromInline let nanoseconds: Int64

    @inlinable
    init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static var now: MonotonicInstant {
        // As the runtime does: stdlib/public/Concurrency/Clock.cpp of Swift, `swift_clock_id_continuous`.
        #if canImport(Darwin)
        return MonotonicInstant(nanoseconds: Int64(clamping: clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW)))
        #else
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
        #endif
    }

    /// The same instant, to within the time between two looks at the clock.
    public init(_ instant: ContinuousClock.Instant) {
        self = .now + ContinuousClock.now.duration(to: instant)
    }

    /// Nanoseconds from this instant to the other, negative when that is earlier, saturating at the ends of `Int64`.
    @inlinable
    public func nanoseconds(to other: MonotonicInstant) -> Int64 {
        let (difference, overflow) = other.nanoseconds.subtractingReportingOverflow(nanoseconds)
        return overflow ? (other < self ? .min : .max) : difference
    }

    @inlinable
    public func duration(to other: MonotonicInstant) -> Duration { .nanoseconds(nanoseconds(to: other)) }

    /// The instant so much later, rounded up to the next nanosecond.
    @inlinable
    public func advanced(by duration: Duration) -> MonotonicInstant { self + duration }

    @inlinable
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let step = duration.wholeNanoseconds
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(step)
        return MonotonicInstant(nanoseconds: overflow ? (step < 0 ? .min : .max) : sum)
    }

    @inlinable
    public static func - (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let step = duration.wholeNanoseconds
        let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(step)
        return MonotonicInstant(nanoseconds: overflow ? (step < 0 ? .max : .min) : difference)
    }

    @inlinable
    public static func - (later: MonotonicInstant, earlier: MonotonicInstant) -> Duration {
        earlier.duration(to: later)
    }

    @inlinable
    public static func < (lhs: MonotonicInstant, rhs: MonotonicInstant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}

extension ContinuousClock.Instant {
    /// The same instant, to within the time between two looks at the clock.
    public init(_ instant: MonotonicInstant) {
        self = ContinuousClock.now.advanced(by: MonotonicInstant.now.duration(to: instant))
    }
}
