import StoresCore

extension PostgresSessionDriver: TransactionalSessionDriver {
    /// Two round trips: the first locks the keys and reads what they hold, the second writes and commits. Between them
    /// the conditions are decided here.
    func transact(_ operations: [SessionOperation], context: CallContext) async throws(StoreError) -> [SessionOutcome] {
        if operations.isEmpty { return [] }
        for operation in operations {
            if case .ifMatch(let etag) = operation.condition {
                try ETagRules.check(etag)
            }
        }
        var attempt = 1
        while true {
            if let outcomes = try await attemptTransaction(operations, context) { return outcomes }
            try context.check("the transaction", applied: .no)
            attempt += 1
            guard attempt <= 16 else {
                throw StoreError(
                    .unavailable, "others kept changing the same keys", applied: .no, isRetryable: true)
            }
        }
    }

    /// - Returns: Nil when somebody made a key in the meantime that was missing at the first look.
    private func attemptTransaction(_ operations: [SessionOperation], _ context: CallContext)
        async throws(StoreError) -> [SessionOutcome]?
    {
        let now = context.now
        do throws(StoreError) {
            return try await pool.transaction(deadline: context.deadline) { lease throws(StoreError) in
                let state = try await Self.lock(operations, now, lease)
                try state.check(operations)
                let plan = try state.plan(operations, now)
                let answers = try await lease.group(plan.reservations + plan.commands)
                let reserved = plan.reservations.count
                try PostgresSessionState.checkReservations(answers.prefix(reserved))
                return try state.outcomes(operations, plan, Array(answers.dropFirst(reserved)))
            }
        } catch {
            if error.underlying is PostgresSessionState.Overtaken { return nil }
            throw error
        }
    }

    private static func lock(_ operations: [SessionOperation], _ now: Timestamp, _ lease: PostgresLease)
        async throws(StoreError) -> PostgresSessionState
    {
        let keys = operations.map(\.key)
        let leaseKeys = operations.compactMap(\.leaseGuard?.key)
        let rows = try await lease.group([
            // Rows that are not there can't be locked: between transactions the keys' names are.
            PostgresCommand(
                """
                SELECT pg_advisory_xact_lock($1, h)
                FROM (SELECT DISTINCT hashtext(k) AS h FROM unnest($2::text[]) AS k ORDER BY h) AS hashes
                """, [.int4(PostgresLocks.session), .textArray(keys)]),
            PostgresCommand(
                "SELECT key, generation FROM leases WHERE key = ANY ($1) ORDER BY key FOR SHARE",
                [.textArray(leaseKeys)]),
            PostgresCommand(
                """
                SELECT key, kind, etag FROM sessions
                WHERE key = ANY ($1) AND (expires_at IS NULL OR expires_at > $2) ORDER BY key FOR UPDATE
                """, [.textArray(keys), .int8(now.millisecondsSinceEpoch)]),
        ])
        var state = PostgresSessionState()
        for row in rows[1] { state.generations[PostgresKey(try row.text(0))] = try row.int(1) }
        for row in rows[2] {
            let key = try row.text(0)
            state.entries[PostgresKey(key)] = (try PostgresSessionKind(row, 1, key), try row.text(2))
        }
        return state
    }
}

extension PostgresSessionDriver: LeasingDriver {
    private var leases: PostgresLeases { PostgresLeases(pool: pool, table: "leases") }

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await leases.acquire(key, ttl, context)
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await leases.renew(lease, ttl, context)
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await leases.release(lease, context)
    }
}

extension SessionOperation {
    var condition: SessionCondition {
        switch self {
        case .set(let write): write.condition
        case .delete(_, let condition), .check(_, let condition): condition
        }
    }

    var leaseGuard: LeaseGuard? {
        if case .set(let write) = self { write.leaseGuard } else { nil }
    }
}
