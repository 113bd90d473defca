/// When a task that is alone on a connection waits for its answer itself, instead of being woken by the reactor's
/// thread: two changes of threads less, which on one machine are more than half of a round trip.
///
/// It waits for ``patience`` at most, about as long as a contended lock may take, and only after a row of requests that
/// were alone. The first microseconds it does not sleep, as long as that is where the answers come: falling asleep and
/// being woken takes longer than a short statement. Where answers take longer, as over a network, neither is hardly
/// ever tried again.
struct PostgresSolo {
    /// What a wait came to.
    enum Wait {
        /// The answer came while the task looked for it.
        case saw
        /// It came later, and woke the task.
        case slept
        case inVain
    }

    static let patience = Duration.microseconds(200)
    /// While nobody asks for so long, the reactor watches the connection again, to learn of its end.
    static let rest = Duration.milliseconds(100)
    private static let longestSpin = Duration.microseconds(50)
    /// Requests in a row after which it is tried.
    private static let trial = 8

    /// Nobody but the tasks themselves watches the connection.
    private(set) var isActive = false
    /// Requests in a row that were alone; negative after waits in vain.
    private var row = 0
    private var misses = 0
    /// Waits in a row for which the task does not look before it sleeps.
    private var sleepy = 0
    private var spinMisses = 0

    /// How long the next wait is to look before it sleeps.
    var spin: Duration { sleepy > 0 ? .zero : Self.longestSpin }

    /// A request is alone, and was sent.
    ///
    /// - Returns: Whether its task is to wait.
    mutating func enter() -> Bool {
        row = min(row + 1, Self.trial)
        isActive = row == Self.trial
        return isActive
    }

    /// A task has waited.
    mutating func waited(_ wait: Wait) {
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
    mutating func end() {
        isActive = false
        row = min(row, 0)
    }
}
