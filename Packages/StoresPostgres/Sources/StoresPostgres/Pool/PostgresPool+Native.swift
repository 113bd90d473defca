import CLibPQ
public import StoresCore

extension PostgresPool {
    /// Gives libpq's own handle (X8) of a connection that nobody else uses meanwhile: blocking, not in pipeline mode,
    /// with the stores' schema first in its search path. The connection is closed afterwards, whatever was done to it.
    ///
    /// - Parameters:
    ///   - deadline: Bounds the wait for a connection; `body` has its own time.
    ///   - body: Gets the `PGconn *`; called on a thread of the adapter's own, where it may block. It must not finish
    ///     the connection, nor keep it.
    public func withPGconn<T: Sendable>(
        deadline: Deadline, _ body: @escaping @Sendable (OpaquePointer) throws -> T
    ) async throws -> T {
        let connection = try await lease(deadline)
        defer { giveBack(connection, isUsable: false) }
        let result = try await connection.alone { handle in
            _ = PQsetnonblocking(handle.connection, 0)
            // The limit of a call that had the connection before.
            PQclear(PQexec(handle.connection, "RESET statement_timeout"))
            return Result<T, any Error> { try body(handle.connection) }
        }
        return try result.get()
    }
}
