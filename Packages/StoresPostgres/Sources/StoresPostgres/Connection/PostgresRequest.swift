import StoresCore

/// One or more commands that succeed or fail together, and the task that waits for them.
///
/// `@unchecked Sendable`: `resends` belongs to the connection that has the request, under its lock.
final class PostgresRequest: PostgresPromise<PostgresOutcome>, @unchecked Sendable {
    let commands: [PostgresEncodedCommand]
    let kind: PostgresKind
    let deadline: MonotonicInstant
    /// Whether the server's time limit is set to fit the deadline. Not within a transaction, whose end might revert it.
    let setsTimeout: Bool
    /// What that limit is to fit: of a transaction's first statement, the deadline of them all.
    let serverDeadline: MonotonicInstant
    /// For how many calls it stands.
    let calls: Int
    /// How often it was sent again, since its neighbour failed or a prepared statement was outdated.
    var resends = 0

    init(
        _ commands: [PostgresEncodedCommand], _ kind: PostgresKind, deadline: MonotonicInstant,
        setsTimeout: Bool = true, serverDeadline: MonotonicInstant? = nil, calls: Int = 1
    ) {
        self.commands = commands
        self.kind = kind
        self.deadline = deadline
        self.setsTimeout = setsTimeout
        self.serverDeadline = serverDeadline ?? deadline
        self.calls = calls
    }

    /// A read of one command may share its Sync with others.
    var isShareable: Bool { kind == .read && commands.count == 1 && resends == 0 }
}
