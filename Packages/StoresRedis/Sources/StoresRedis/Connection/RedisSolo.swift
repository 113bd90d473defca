/// When a caller that is alone on a connection waits for its reply itself, instead of being woken by the reactor's
/// thread: two changes of threads less, which on one machine are half of a round trip.
///
/// It waits for ``patience`` at most, about as long as a contended lock may take, and only after a row of calls that
/// were alone. Where replies take longer, as over a network, it hardly ever tries again.
struct RedisSolo {
    typealias Instant = ContinuousClock.Instant

    static let patience = Duration.microseconds(60)
    /// Calls in a row after which it is tried.
    private static let trial = 8
    /// While nobody calls, the reactor's thread watches the connection again, to learn of its end.
    private static let rest = Duration.milliseconds(100)

    /// The reactor's thread does not watch the connection: who calls waits, or has it watch again.
    private(set) var isActive = false
    /// Calls in a row that were alone; negative after attempts that failed.
    private var count = 0
    private var misses = 0
    /// Calls in a row that found nothing under way, up to 2.
    private var row = 0
    /// Whether there was a call since the reactor's thread looked last.
    private var wasUsed = false

    /// Whether a call that finds nothing under way sends its command itself. Among many it does not: they are sent
    /// together.
    mutating func sendsItself(isFirst: Bool) -> Bool {
        row = isFirst ? min(row + 1, 2) : 0
        return row == 2
    }

    /// A call was written.
    ///
    /// - Parameter isAlone: No other is under way, and all of it has gone out.
    /// - Returns: Whether the caller is to wait, and whether the reactor's thread must be told to watch again.
    mutating func enter(isAlone: Bool) -> (waits: Bool, wakes: Bool) {
        guard isAlone else {
            count = min(count, 0)
            defer { isActive = false }
            return (false, isActive)
        }
        wasUsed = true
        count = min(count + 1, Self.trial)
        return (isActive, false)
    }

    /// The caller has waited.
    ///
    /// - Parameters:
    ///   - isRead: Something came; nil when the reactor's thread was at work, so that there was no waiting.
    ///   - isDone: No call is under way any more.
    /// - Returns: Whether the reactor's thread must be told to watch again.
    mutating func waited(isRead: Bool?, isDone: Bool) -> Bool {
        switch isRead {
        case true?: misses = 0
        case false?:
            misses = min(misses + 1, 12)
            count = -(1 << misses)
        case nil: break
        }
        guard !isDone else { return false }
        defer { isActive = false }
        return isActive
    }

    /// Before the reactor's thread waits.
    ///
    /// - Returns: When it is to look again; nil when it is to watch for replies.
    mutating func prepare(_ now: Instant, hasCalls: Bool) -> Instant? {
        if isActive {
            isActive = wasUsed
        } else {
            isActive = count == Self.trial && !hasCalls && wasUsed
        }
        wasUsed = false
        return isActive ? now + Self.rest : nil
    }
}
