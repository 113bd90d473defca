/// When a failed call is tried again: exponential back-off with full jitter.
///
/// Source of the formula: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: a wait is drawn
/// evenly from 0 to min(cap, base × 2^(attempt − 1)).
public struct RetryPolicy: Sendable, Hashable {
    /// Tries in all, the first included; 1 never retries.
    public var maxAttempts: Int
    public var base: Duration
    public var cap: Duration

    public init(maxAttempts: Int = 3, base: Duration = .milliseconds(25), cap: Duration = .seconds(2)) {
        self.maxAttempts = max(1, maxAttempts)
        self.base = base
        self.cap = cap
    }

    public static let none = RetryPolicy(maxAttempts: 1)

    /// The wait after a failed attempt, or nil when there is to be no other.
    ///
    /// Retried is a retryable error of an operation that may run twice; and of any operation when the error says that
    /// nothing was applied, since then the next try is the first. A wait that would pass the deadline is not begun.
    public func delay(
        after error: StoreError, attempt: Int, isIdempotent: Bool, remaining: Duration,
        using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard error.isRetryable, attempt < maxAttempts, isIdempotent || error.applied == .no else { return nil }
        let ceiling = min(cap, base * (1 << min(attempt - 1, 30)))
        var delay = ceiling * Double.random(in: 0...1, using: &generator)
        if let retryAfter = error.retryAfter { delay = max(delay, retryAfter) }
        return delay < remaining ? delay : nil
    }
}
