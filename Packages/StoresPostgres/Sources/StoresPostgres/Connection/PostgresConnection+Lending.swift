import CLibPQ
import Dispatch
@_spi(Sockets) import StoresCore
import Synchronization

/// libpq in the hands of one task, without the pipeline.
extension PostgresConnection {
    /// Leaves pipeline mode and gives libpq to `body`, on the connection's own thread, which may block there; for COPY
    /// and scripts. Only on a connection that one task has for itself, with nothing under way.
    func alone<T: Sendable>(
        _ body: @escaping @Sendable (PQHandle) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withUnsafeContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(StoreError) in try self.lend(body) })
            }
        }
        return try result.get()
    }

    func lend<T: Sendable>(_ body: @Sendable (PQHandle) throws(StoreError) -> T) throws(StoreError) -> T {
        let refusal = lock.withLock { _ -> StoreError? in
            guard isOpen else { return .notSent(nil, .write) }
            guard pipeline.isIdle, !isLent, PQexitPipelineMode(handle.connection) == 1 else {
                fail()
                return StoreError(.internal, "the connection is not free", applied: .no)
            }
            // Not under the lock, which the reactor would wait for.
            isLent = true
            watched.store(Watched.nothing, ordering: .releasing)
            return nil
        }
        if let refusal { throw refusal }
        defer {
            lock.withLock { _ in
                isLent = false
                guard isOpen else { return }
                if handle.isBroken || PQenterPipelineMode(handle.connection) != 1 { return fail() }
                endSolo()
                drainInbox()
            }
        }
        return try body(handle)
    }
}
