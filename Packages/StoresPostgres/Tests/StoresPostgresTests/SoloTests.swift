import Testing

@testable import StoresPostgres

@Suite("Who waits for a lone answer")
struct SoloTests {
    /// Requests that are alone, until one's task is to wait.
    private func untilItWaits(_ solo: inout PostgresSolo) -> Int {
        for count in 1...10_000 where solo.enter() { return count }
        return .max
    }

    @Test("A task waits itself after a row of requests that were alone")
    func row() {
        var solo = PostgresSolo()
        let first = untilItWaits(&solo)
        #expect(first == 8)
        #expect(solo.isActive)
        let next = untilItWaits(&solo)
        #expect(next == 1)
        solo.end()
        #expect(!solo.isActive)
        let again = untilItWaits(&solo)
        #expect(again == 8)
    }

    @Test("Waits in vain make the next ones rarer, and one answer makes up for them")
    func misses() {
        var solo = PostgresSolo()
        _ = untilItWaits(&solo)
        var pauses: [Int] = []
        for _ in 0..<4 {
            solo.waited(.inVain)
            solo.end()
            pauses.append(untilItWaits(&solo))
        }
        #expect(pauses == [10, 12, 16, 24])
        solo.waited(.slept)
        solo.waited(.inVain)
        solo.end()
        let pause = untilItWaits(&solo)
        #expect(pause == 10)
    }

    @Test("It looks for the answer without sleeping only where answers come that soon")
    func spin() {
        var solo = PostgresSolo()
        #expect(solo.spin > .zero)
        solo.waited(.slept)
        var sleeps = 0
        while solo.spin == .zero, sleeps < 100 {
            solo.waited(.slept)
            sleeps += 1
        }
        #expect(sleeps == 2)
        solo.waited(.slept)
        solo.waited(.slept)
        #expect(solo.spin == .zero)
        for _ in 0..<3 { solo.waited(.slept) }
        #expect(solo.spin > .zero)
        solo.waited(.saw)
        #expect(solo.spin > .zero)
    }
}
