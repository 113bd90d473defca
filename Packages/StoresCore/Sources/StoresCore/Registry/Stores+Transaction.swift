extension Stores {
    /// Several calls, on several tiers, of which all take effect or none: where the tiers share one backend that can.
    ///
    /// ```swift
    /// try await stores.transaction(over: [.event, .memory]) { transaction in
    ///     try await transaction.event.append([placed], to: "order-7", expected: .noStream)
    ///     try await transaction.memory.put(fact)
    /// }
    /// ```
    ///
    /// Committed when the body returns; rolled back when it throws, when its task is cancelled, and when the deadline
    /// passes. A call that fails leaves nothing behind: who catches its error may go on. The calls go one at a time;
    /// each sees what those before it did and what others have committed (on Postgres READ COMMITTED), and its
    /// condition (`expected`, `ifVersion`, an etag) holds until the commit. Others see nothing before the commit.
    ///
    /// Use the transaction's stores alone, in the same order of tiers everywhere: a call on `stores` itself is none of
    /// the transaction's, and may wait for it in vain. Be quick: what is written stays locked meanwhile, and
    /// subscribers wait. Nothing is tried again, since the body may have done more than call stores; when an error
    /// says `isRetryable`, run the whole transaction again.
    ///
    /// - Parameters:
    ///   - tiers: Those whose stores the body uses; the others of the transaction refuse every call.
    ///   - deadline: Of the whole; nil for the configured default.
    ///   - body: Not to begin another transaction. Subscriptions and `readAll` are refused within.
    /// - Returns: What the body returns.
    /// - Throws: `unsupported`, before anything, where a tier's backend can't (capability `sharedTransactions`) or the
    ///   tiers have different backends. What the body throws. `unavailable` with `applied: .unknown` when the
    ///   connection was lost while it committed.
    @discardableResult
    public func transaction<T: Sendable>(
        over tiers: Set<Tier>, deadline: Deadline? = nil, _ body: (StoreTransaction) async throws -> T
    ) async throws -> T {
        let (runtime, backend) = try transactional(tiers)
        let open = Self.withOpenTransaction
        guard !open.contains(ObjectIdentifier(self)) else {
            throw runtime.refuse("a transaction is open in this task already; transactions are not nested", Self.name)
        }
        var outcome: (any Error)?
        do throws(StoreError) {
            return try await runtime.call(Self.name, deadline: deadline, isIdempotent: false) {
                context throws(StoreError) in
                var hasBegun = false
                do throws(StoreError) {
                    return try await backend.transaction(context: context) { drivers throws(StoreError) in
                        hasBegun = true
                        let gate = CallGate(limit: 1, closedError: StoreTransaction.ended)
                        let transaction = StoreTransaction(
                            self, over: tiers, drivers: drivers, gate: gate, until: context.deadline)
                        let result = await Self.$withOpenTransaction.withValue(open.union([ObjectIdentifier(self)])) {
                            await Self.result { try await body(transaction) }
                        }
                        // What the body did not await still uses the connection.
                        _ = gate.close()
                        await gate.drain()
                        if case .failure(let error) = result { outcome = error }
                        return try result.mapError(Self.rollback).get()
                    }
                } catch {
                    guard hasBegun else { throw error }
                    outcome = outcome ?? runtime.complete(error, Self.name)
                    // The body may have done more than call stores: never again by itself.
                    throw error.notRetryable
                }
            }
        } catch {
            throw outcome ?? error
        }
    }

    private static let name = "transaction"

    /// The stores that the present task has a transaction of.
    @TaskLocal private static var withOpenTransaction: Set<ObjectIdentifier> = []

    private static func result<T>(_ body: () async throws -> T) async -> Result<T, any Error> {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }

    /// What the backend is told of an error of the body, which is not its fault.
    private static func rollback(_ error: any Error) -> StoreError {
        if let error = error as? StoreError { return error }
        if error is CancellationError { return .cancelled(applied: .no) }
        return StoreError(
            .internal, "the body of the transaction threw", applied: .no, isRetryable: false, isLocal: true,
            underlying: error)
    }

    /// The one backend of all these tiers.
    private func transactional(_ tiers: Set<Tier>) throws(StoreError) -> (TierRuntime, any TransactionalBackend) {
        let all = [
            vector.runtime, memory.runtime, session.runtime, artifact.runtime, event.runtime, search.runtime,
        ]
        let runtimes = all.filter { tiers.contains($0.tier) }
        guard let first = runtimes.first, runtimes.count == tiers.count else {
            throw .invalidArgument("a transaction names the stores that it is over, at least one; got \(tiers.count)")
        }
        for runtime in runtimes { try runtime.require(.sharedTransactions(runtime.tier), Self.name) }
        if let other = runtimes.first(where: { $0.adapter.name != first.adapter.name }) {
            throw first.complete(
                StoreError(
                    .unsupported,
                    "a transaction is of one backend; \(first.tier.variable) is \(first.adapter.name), and "
                        + "\(other.tier.variable) is \(other.adapter.name)",
                    remedy: "set both to the same adapter", applied: .no), Self.name)
        }
        guard let backend = first.backend as? any TransactionalBackend else {
            throw first.unsupported(.sharedTransactions(first.tier), Self.name)
        }
        return (first, backend)
    }
}
