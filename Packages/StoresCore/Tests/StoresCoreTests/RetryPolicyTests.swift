import Testing

@testable import StoresCore

struct RetryPolicyTests {
    /// Always the largest number: the jitter's upper bound.
    struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    func delay(
        _ policy: RetryPolicy = RetryPolicy(maxAttempts: 10), _ error: StoreError = StoreError(.unavailable, "x"),
        attempt: Int = 1, isIdempotent: Bool = true, remaining: Duration = .seconds(60)
    ) -> Duration? {
        var generator = Highest()
        return policy.delay(
            after: error, attempt: attempt, isIdempotent: isIdempotent, remaining: remaining, using: &generator)
    }

    @Test func ceilingDoublesUpToTheCap() throws {
        let policy = RetryPolicy(maxAttempts: 20, base: .milliseconds(100), cap: .seconds(1))
        let milliseconds = try (1...6).map { try #require(delay(policy, attempt: $0)) / .milliseconds(1) }
        for (found, wanted) in zip(milliseconds, [100, 200, 400, 800, 1000, 1000]) {
            #expect(abs(found - Double(wanted)) < 1)
        }
    }

    @Test func jitterIsBetweenZeroAndTheCeiling() throws {
        var generator = SystemRandomNumberGenerator()
        let policy = RetryPolicy(maxAttempts: 3, base: .milliseconds(100), cap: .seconds(1))
        for _ in 0..<1000 {
            let delay = try #require(
                policy.delay(
                    after: StoreError(.timeout, "x"), attempt: 1, isIdempotent: true, remaining: .seconds(1),
                    using: &generator))
            #expect(delay >= .zero && delay <= .milliseconds(100))
        }
    }

    @Test func onlyRetryableErrorsOfWhatMayRunTwice() {
        #expect(delay() != nil)
        #expect(delay(isIdempotent: false) == nil)
        #expect(
            delay(RetryPolicy(maxAttempts: 3), StoreError(.unavailable, "x", applied: .no), isIdempotent: false) != nil)
        #expect(
            delay(RetryPolicy(maxAttempts: 3), StoreError(.unavailable, "x", applied: .unknown), isIdempotent: false)
                == nil)
        for code in [StoreError.Code.unauthenticated, .permissionDenied, .conflict, .invalidArgument, .corrupt] {
            #expect(delay(RetryPolicy(), StoreError(code, "x", isRetryable: code == .unauthenticated)) == nil)
        }
    }

    @Test func neverPastTheAttemptsOrTheDeadline() {
        #expect(delay(RetryPolicy(maxAttempts: 3), attempt: 3) == nil)
        #expect(delay(.none) == nil)
        #expect(delay(remaining: .milliseconds(1)) == nil)
    }

    @Test func theServersWishIsAMinimum() {
        let error = StoreError(.rateLimited, "x", retryAfter: .seconds(5))
        #expect(delay(RetryPolicy(), error) == .seconds(5))
        #expect(delay(RetryPolicy(), error, remaining: .seconds(4)) == nil)
    }
}
