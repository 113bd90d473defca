import StoresCore
import Testing

@Suite struct DeadlineSweepTests {
    /// One that is armed for an earlier time than another leaves both waiting, and what is left is armed anew.
    @Test func timersDoNotMultiply() async {
        let sweep = DeadlineSweep(label: "sweep-tests")
        let start = MonotonicInstant.now
        let calls = Guarded(0)
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            let look: @Sendable () -> MonotonicInstant? = {
                let number = calls.withLock { calls in
                    calls += 1
                    return calls
                }
                if number == 10 { done.resume() }
                return number < 10 ? start + .milliseconds(20 * number) : nil
            }
            sweep.arm(start + .milliseconds(20), look)
            sweep.arm(start + .milliseconds(5), look)
        }
        #expect(start.duration(to: .now) >= .milliseconds(180), "one call for each instant")
    }
}
