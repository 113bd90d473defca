import StoresCore
import Testing

@Suite struct MonotonicInstantTests {
    let start = MonotonicInstant.now

    @Test func goesOnAndIsOrdered() {
        let later = MonotonicInstant.now
        #expect(start <= later)
        #expect(start < later + .nanoseconds(1))
        #expect(start - .nanoseconds(1) < start)
        #expect(start.advanced(by: .seconds(2)) == start + .seconds(2))
        #expect(start + .seconds(2) - .milliseconds(500) == start + .milliseconds(1500))
        #expect(start + .seconds(-2) == start - .seconds(2))
    }

    @Test func durationsAreExactToTheNanosecond() {
        let later = start + .seconds(86_400) + .nanoseconds(7)
        #expect(start.duration(to: later) == .seconds(86_400) + .nanoseconds(7))
        #expect(later - start == start.duration(to: later))
        #expect(later.duration(to: start) == .seconds(-86_400) - .nanoseconds(7))
        #expect(start.nanoseconds(to: later) == 86_400_000_000_007)
        #expect(start.nanoseconds(to: start) == 0)
    }

    @Test(arguments: [
        Duration.seconds(Int64.max), .seconds(Int64.min), .nanoseconds(Int64.max), .nanoseconds(Int64.min),
    ])
    func farOffIsTheEndAndNoTrap(_ far: Duration) {
        let isLater = far > .zero
        let end = start + far + far
        #expect(end == end + far)
        #expect(isLater ? start < end : end < start)
        #expect(start - far - far == start - far - far - far)
        #expect(isLater ? start - far < start : start < start - far)
        // From one end to the other.
        let whole = (start - far - far).nanoseconds(to: end)
        #expect(whole == (isLater ? .max : .min))
        #expect((start - far - far).duration(to: end) == .nanoseconds(whole))
    }

    @Test func isTheContinuousClocks() {
        // The machine may do something else between two looks at the clock, so the least of several counts.
        let apart = (0..<100).map { _ -> Int64 in
            let (before, known) = (MonotonicInstant.now, ContinuousClock.now)
            return abs(before.nanoseconds(to: MonotonicInstant(known)))
        }
        #expect(apart.min() ?? .max < 1_000_000)
        let back = (0..<100).map { _ -> Duration in
            let (before, known) = (ContinuousClock.Instant(MonotonicInstant.now), ContinuousClock.now)
            return before < known ? before.duration(to: known) : known.duration(to: before)
        }
        #expect(back.min() ?? .seconds(1) < .milliseconds(1))
    }

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600), .zero])
    func goesToTheContinuousClockAndBack(_ distance: Duration) {
        let apart = (0..<100).map { _ -> Int64 in
            let instant = MonotonicInstant.now + distance
            return abs(instant.nanoseconds(to: MonotonicInstant(ContinuousClock.Instant(instant))))
        }
        #expect(apart.min() ?? .max < 1_000_000)
    }

    @Test func farOffInstantsOfTheContinuousClockAreNoTrap() {
        let century = Duration.seconds(100 * 365 * 86_400)
        #expect(MonotonicInstant(ContinuousClock.now.advanced(by: .seconds(1 << 40))) == start + .seconds(Int64.max))
        #expect(MonotonicInstant(ContinuousClock.now.advanced(by: .seconds(-1 << 40))) < start - century)
    }
}

@Suite struct DeadlineTests {
    @Test func whatIsLeftIsNeverNegative() {
        for past in [Duration.zero, .seconds(-1), .seconds(Int64.min)] {
            let deadline = Deadline.after(past)
            #expect(deadline.hasPassed)
            #expect(deadline.remaining == .zero)
            #expect(deadline.remainingMilliseconds == 0)
        }
    }

    @Test func farOffIsNoTrap() {
        let deadline = Deadline.after(.seconds(Int64.max))
        #expect(!deadline.hasPassed)
        #expect(deadline.remaining > .seconds(200 * 365 * 86_400))
        #expect(deadline.remainingMilliseconds == .max)
    }

    @Test func millisecondsAreRoundedUp() {
        let deadline = Deadline.after(.seconds(3600))
        let (before, milliseconds, after) = (deadline.remaining, deadline.remainingMilliseconds, deadline.remaining)
        #expect(Int64(milliseconds) <= before.wholeMilliseconds)
        #expect(Int64(milliseconds) >= after.wholeMilliseconds)
    }

    @Test func takesAnInstantOfTheContinuousClock() {
        let end = ContinuousClock.now.advanced(by: .seconds(3600))
        #expect(!Deadline(end).hasPassed)
        #expect(Deadline(end).remaining <= .seconds(3600))
        #expect(Deadline(end) > .after(.seconds(1800)))
        #expect(Deadline(.now - .seconds(1)).hasPassed)
    }
}
