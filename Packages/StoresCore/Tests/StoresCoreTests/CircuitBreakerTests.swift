import Testing

@testable import StoresCore

struct CircuitBreakerTests {
    let start = MonotonicInstant.now

    @Test func opensAfterTheThresholdAndLetsOneTrialThrough() {
        var machine = CircuitBreaker.Machine(settings: .init(threshold: 3, coolDown: .seconds(1)))
        for _ in 0..<2 { machine.failed(now: start) }
        #expect(machine.admit(now: start) == nil)
        machine.failed(now: start)
        #expect(machine.admit(now: start) == .seconds(1))
        #expect(machine.admit(now: start.advanced(by: .milliseconds(400))) == .milliseconds(600))
        #expect(machine.admit(now: start.advanced(by: .seconds(1))) == nil)
        #expect(machine.admit(now: start.advanced(by: .seconds(1))) != nil, "only one trial")
        machine.succeeded()
        #expect(machine.admit(now: start.advanced(by: .seconds(1))) == nil)
    }

    @Test func aFailedTrialOpensAnew() {
        var machine = CircuitBreaker.Machine(settings: .init(threshold: 1, coolDown: .seconds(1)))
        machine.failed(now: start)
        let later = start.advanced(by: .seconds(2))
        #expect(machine.admit(now: later) == nil)
        machine.failed(now: later)
        #expect(machine.admit(now: later.advanced(by: .milliseconds(999))) == .milliseconds(1))
    }

    @Test func aCancelledTrialIsGivenBack() {
        var machine = CircuitBreaker.Machine(settings: .init(threshold: 1, coolDown: .seconds(1)))
        machine.failed(now: start)
        let later = start.advanced(by: .seconds(2))
        #expect(machine.admit(now: later) == nil)
        machine.abandoned(now: later)
        #expect(machine.admit(now: later) == nil)
    }

    @Test func successesInBetweenResetTheCount() {
        var machine = CircuitBreaker.Machine(settings: .init(threshold: 2, coolDown: .seconds(1)))
        machine.failed(now: start)
        machine.succeeded()
        machine.failed(now: start)
        #expect(machine.admit(now: start) == nil)
    }

    private func verdict(_ error: StoreError, allowed: Duration = .seconds(5)) -> CircuitBreaker.Verdict? {
        CircuitBreaker.verdict(of: error, allowed: allowed, patience: .seconds(1))
    }

    @Test func whatEachErrorSaysOfTheBackend() {
        #expect(verdict(StoreError(.conflict, "x")) == .answered)
        #expect(verdict(StoreError(.unavailable, "x")) == .failed)
        #expect(verdict(StoreError(.timeout, "x")) == .failed)
        #expect(verdict(StoreError(.timeout, "x"), allowed: .milliseconds(999)) == nil, "the caller had no patience")
        #expect(verdict(.cancelled()) == nil)
        #expect(verdict(StoreError(.unavailable, "the disk is full", isLocal: true)) == nil)
    }

    @Test func onlyTheBackendsFailuresOpenIt() throws {
        let breaker = CircuitBreaker(.init(threshold: 1, coolDown: .seconds(60)))
        breaker.record(.answered)
        breaker.record(nil)
        try breaker.admit()
        breaker.record(.failed)
        let error = #expect(throws: StoreError.self) { try breaker.admit() }
        #expect(error?.code == .unavailable)
        #expect(error?.applied == .no)
    }
}
