@_spi(Sockets) import StoresCore

/// When a caller that is alone on a connection waits for its reply itself, see `SocketSolo`; and until when the
/// reactor's thread leaves the connection to it.
struct RedisSolo {
    typealias Instant = MonotonicInstant

    /// How long a caller waits.
    private(set) var waiting = SocketSolo(patience: .microseconds(60), spin: .zero)
    /// The reactor's thread does not watch the connection: who calls waits, or has it watch again.
    private(set) var isActive = false
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
            waiting.end()
            defer { isActive = false }
            return (false, isActive)
        }
        wasUsed = true
        _ = waiting.enter()
        return (isActive, false)
    }

    /// The caller has waited.
    ///
    /// - Parameters:
    ///   - wait: Nil when the reactor's thread was at work, so that there was no waiting.
    ///   - isDone: No call is under way any more.
    /// - Returns: Whether the reactor's thread must be told to watch again.
    mutating func waited(_ wait: SocketSolo.Wait?, isDone: Bool) -> Bool {
        if let wait {
            waiting.waited(wait)
            if wait == .inVain { waiting.end() }
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
            isActive = waiting.isActive && !hasCalls && wasUsed
        }
        wasUsed = false
        return isActive ? now + SocketSolo.rest : nil
    }
}
