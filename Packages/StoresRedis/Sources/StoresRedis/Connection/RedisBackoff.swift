/// When a connection that failed is tried again: exponential with full jitter.
///
/// Source of the formula: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
struct RedisBackoff: Sendable {
    static let base = Duration.milliseconds(10)
    static let cap = Duration.seconds(1)

    private(set) var failures = 0

    mutating func succeeded() {
        failures = 0
    }

    /// How long to wait before the next attempt.
    mutating func failed(using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(Self.cap, Self.base * (1 << min(failures, 10)))
        failures = min(failures + 1, 1000)
        return ceiling * Double.random(in: 0...1, using: &generator)
    }
}
