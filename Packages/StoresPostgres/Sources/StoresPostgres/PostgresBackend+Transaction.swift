public import StoresCore

extension PostgresBackend: TransactionalBackend {
    /// READ COMMITTED. The position of an event is never below its stream's last one, nor below what is still running,
    /// whatever the transaction wrote before it: see `PostgresPosition`.
    public func transaction<T: Sendable>(
        context: CallContext, _ body: (TransactionDrivers) async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let appends = PostgresAppender.Count()
        let result = try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
            try await body(
                TransactionDrivers(
                    vector: PostgresVectorDriver(backend: self, lease: lease),
                    memory: PostgresMemoryDriver(backend: self, lease: lease),
                    session: PostgresSessionDriver(backend: self, lease: lease),
                    event: PostgresEventDriver(backend: self, lease: lease, appends: appends),
                    search: PostgresSearchDriver(backend: self, lease: lease)))
        }
        if appends.any { signal.announce() }
        return result
    }
}
