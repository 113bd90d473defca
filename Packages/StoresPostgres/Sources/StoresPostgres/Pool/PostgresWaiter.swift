import StoresCore

/// A task that waits for a connection.
final class PostgresWaiter: PostgresPromise<PostgresEnd<PostgresConnection>>, @unchecked Sendable {
    let deadline: Deadline

    init(deadline: Deadline) {
        self.deadline = deadline
    }
}
