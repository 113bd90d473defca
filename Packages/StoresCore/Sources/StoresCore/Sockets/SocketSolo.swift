/// When a task that is alone on a connection waits for its answer itself, instead of being woken by the reactor's
/// thread: two changes of threads less, which on one machine are more than half of a round trip.
///
/// It waits for ``patience`` at most, about as long as a contended lock may take, and only after a row of requests that
/// were alone. The first microseconds it does not sleep, as long as that is where the answers come: falling asleep and
/// being woken takes longer than a short request. Where answers take longer, as over a network, both are hardly ever
/// tried again.
@_spi(Sockets)
public struct SocketSolo: Sendable {
    /// What a wait came to.
    public enum Wait: Sendable {
        /// The answer came while the task looked for it.
        case saw
        /// It came later, and woke the task.
        case slept
        case inVain
    }

    /// While nobody asks for so long, the reactor watches the connection again, to learn of its end.
    public static let rest = Duration.milliseconds(100)
    /// Requests in a row after which it is tried.
    private static let trial = 8

    /// How long a task waits.
    public let patience: Duration
    private let longestSpin: Duration
    /// After a row of requests that were alone, until others come.
    public private(set) var isActive = false
    /// Requests in a row that were alone; negative after waits in vain.
    private var row = 0
    private var misses = 0
    /// Waits in a row for which the task does not look before it sleeps.
    private var sleepy = 0
    private var spinMisses = 0

    /// - Parameter spin: How long a task looks before it sleeps; zero for not at all.
    public init(patience: Duration, spin: Duration) {
        self.patience = patience
        longestSpin = spin
    }

    /// How long the next wait is to look before it sleeps.
    public var spin: Duration { sleepy > 0 ? .zero : longestSpin }

    /// A request is alone, and was sent.
    ///
    /// - Returns: Whether its task is to wait.
    public mutating func enter() -> Bool {
        row = min(row + 1, Self.trial)
        isActive = row == Self.trial
        return isActive
    }

    /// A task has waited.
    public mutating func waited(_ wait: Wait) {
        switch wait {
        case .saw: (misses, spinMisses) = (0, 0)
        case .slept:
            misses = 0
            if sleepy > 0 {
                sleepy -= 1
            } else {
                spinMisses = min(spinMisses + 1, 10)
                sleepy = 1 << spinMisses
            }
        case .inVain:
            misses = min(misses + 1, 12)
            row = -(1 << misses)
        }
    }

    /// Others came, or it took too long.
    public mutating func end() {
        isActive = false
        row = min(row, 0)
    }
}
