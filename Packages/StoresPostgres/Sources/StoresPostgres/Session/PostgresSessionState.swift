import StoresCore

/// What the keys of a transaction hold, as its locks keep it; and what follows from that.
struct PostgresSessionState {
    /// A key that was missing was made by somebody else before it could be.
    struct Overtaken: Error {}

    struct Plan {
        /// Run first: they hold the keys that are to be absent.
        var reservations: [PostgresCommand] = []
        var commands: [PostgresCommand] = []
        /// By operation: which command carries it out, and the new etag.
        var steps: [(command: Int?, etag: String)] = []
        /// Commands whose empty answer means that somebody else was faster.
        var insertions: Set<Int> = []
    }

    var entries: [PostgresKey: (kind: PostgresSessionKind, etag: String)] = [:]
    var generations: [PostgresKey: Int64] = [:]

    func check(_ operations: [SessionOperation]) throws(StoreError) {
        for operation in operations {
            if let leaseGuard = operation.leaseGuard {
                let current = generations[PostgresKey(leaseGuard.key)] ?? 0
                guard current == leaseGuard.generation, current != 0 else {
                    throw PostgresLeases.superseded(leaseGuard, current: current)
                }
            }
            let current = entries[PostgresKey(operation.key)]?.etag
            if let error = PostgresSessionRefusals.conflict(operation.condition, current: current, operation.key) {
                throw error
            }
        }
    }

    func plan(_ operations: [SessionOperation], _ now: Timestamp) throws(StoreError) -> Plan {
        var plan = Plan()
        var touched: Set<PostgresKey> = []
        for key in Self.absent(operations) { plan.reservations.append(Self.reservation(key, now)) }
        for operation in operations {
            let etag = PostgresEtag.next()
            switch operation {
            case .set(var write):
                let isFirst = touched.insert(PostgresKey(write.key)).inserted
                // What was there is locked; what was not may have been made since.
                let isInsertion = write.condition == .ifAbsent && isFirst
                write.condition = isInsertion ? .ifAbsent : .none
                write.leaseGuard = nil
                plan.steps.append((plan.commands.count, etag))
                if isInsertion { plan.insertions.insert(plan.commands.count) }
                plan.commands.append(try PostgresSessionWrites.command(write, etag: etag, now: now))
            case .delete(let key, _):
                touched.insert(PostgresKey(key))
                plan.steps.append((plan.commands.count, etag))
                plan.commands.append(
                    PostgresCommand(
                        """
                        DELETE FROM sessions WHERE key = $1
                        RETURNING expires_at IS NULL OR expires_at > $2
                        """, [.text(key), .int8(now.millisecondsSinceEpoch)]))
            case .check: plan.steps.append((nil, etag))
            }
        }
        return plan
    }

    /// The keys that the transaction relies on being absent, and does not make itself.
    private static func absent(_ operations: [SessionOperation]) -> [String] {
        let keys = operations.compactMap { operation -> String? in
            if case .set = operation { return nil }
            return operation.condition == .ifAbsent ? operation.key : nil
        }
        // In the order in which all transactions lock.
        return Dictionary(keys.map { (PostgresKey($0), $0) }) { $1 }.sorted { $0.key < $1.key }.map(\.value)
    }

    /// What is not there can't be locked: an entry that had expired long before any clock's time stands for it until
    /// the commit. It answers with no row when somebody has made the key meanwhile.
    private static func reservation(_ key: String, _ now: Timestamp) -> PostgresCommand {
        PostgresCommand(
            """
            INSERT INTO sessions AS s (key, kind, value, content_type, etag, expires_at)
            VALUES ($1, 0, '', '', $2, -9223372036854775807)
            ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE s.expires_at <= $3 RETURNING 1
            """, [.text(key), .text(PostgresEtag.next()), .int8(now.millisecondsSinceEpoch)])
    }

    static func checkReservations(_ answers: some Sequence<PostgresRows>) throws(StoreError) {
        for answer in answers where answer.isEmpty {
            throw StoreError(.conflict, "overtaken", applied: .no, underlying: Overtaken())
        }
    }

    func outcomes(_ operations: [SessionOperation], _ plan: Plan, _ answers: [PostgresRows]) throws(StoreError)
        -> [SessionOutcome]
    {
        var outcomes: [SessionOutcome] = []
        for (operation, step) in zip(operations, plan.steps) {
            guard let index = step.command, index < answers.count else {
                outcomes.append(.checked)
                continue
            }
            let row = answers[index].first
            switch operation {
            case .check: outcomes.append(.checked)
            case .delete: outcomes.append(.deleted(try row?.bool(0) ?? false))
            case .set(let write):
                if let row {
                    outcomes.append(
                        .set(SessionReceipt(etag: step.etag, expiresAt: try row.optionalTimestamp(0))))
                } else if plan.insertions.contains(index) {
                    throw StoreError(.conflict, "overtaken", applied: .no, underlying: Overtaken())
                } else {
                    let kind = entries[PostgresKey(write.key)]?.kind ?? .list
                    throw kind.refused(write.key, wanted: "a value")
                }
            }
        }
        return outcomes
    }
}
