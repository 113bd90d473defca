/// How a request ended.
enum PostgresOutcome: Sendable {
    case rows([PostgresRows])
    /// The server refused it, and goes on working. It changed nothing.
    case failed(PostgresFailure)
    /// The connection went away when it had been sent.
    case lost(PostgresFailure?)
    /// The connection went away before it was sent: another one may take it.
    case notSent(PostgresFailure?)
    case timedOut(wasSent: Bool)
    case cancelled(wasSent: Bool)
}
