import StoresCore

extension RedisSessionDriver: TransactionalSessionDriver {
    func transact(_ operations: [SessionOperation], context: CallContext) async throws(StoreError) -> [SessionOutcome] {
        guard let first = operations.first else { return [] }
        let now = context.now
        let guards = operations.compactMap { operation -> LeaseGuard? in
            if case .set(let write) = operation { write.leaseGuard } else { nil }
        }
        for operation in operations { try checkSlots(first.key, operation.key) }
        for leaseGuard in guards { try checkSlots(first.key, leaseGuard) }
        let plans = operations.map { operation -> RedisSessionWrite? in
            guard case .set(let write) = operation else { return nil }
            return RedisSessionWrite(
                write: write, expiry: RedisExpiry(write.expiry, now: now), etag: etags.next(),
                now: now.millisecondsSinceEpoch, form: .script)
        }
        let arguments = 2 + plans.reduce(0) { $0 + ($1 == nil ? 3 : 8) }
        let reply = try await client.run(
            RedisSessionScripts.transact, .session(first.key), context: context, keys: operations.count + guards.count,
            arguments: arguments
        ) { writer in
            for operation in operations { keys.write(.entry, operation.key, to: &writer) }
            for leaseGuard in guards { keys.write(.lease, leaseGuard.key, to: &writer) }
            writer.integer(now.millisecondsSinceEpoch)
            writer.integer(Int64(operations.count))
            var lease = operations.count
            for (operation, plan) in zip(operations, plans) { encode(operation, plan, &lease, &writer) }
        }
        return try outcomes(reply, operations, plans)
    }

    private func encode(
        _ operation: SessionOperation, _ plan: RedisSessionWrite?, _ lease: inout Int, _ writer: inout RedisWriter
    ) {
        switch operation {
        case .set(let write):
            writer.word("s")
            RedisSessionWrite.encode(write.condition, &writer)
            plan?.encodeValue(&writer)
            if let leaseGuard = write.leaseGuard {
                lease += 1
                writer.integer(Int64(lease))
                writer.integer(leaseGuard.generation)
            } else {
                writer.word("0")
                writer.word("0")
            }
        case .delete(_, let condition):
            writer.word("d")
            RedisSessionWrite.encode(condition, &writer)
        case .check(_, let condition):
            writer.word("c")
            RedisSessionWrite.encode(condition, &writer)
        }
    }

    private func outcomes(_ reply: RedisValue, _ operations: [SessionOperation], _ plans: [RedisSessionWrite?])
        throws(StoreError) -> [SessionOutcome]
    {
        guard let parts = reply.array, let word = parts.first?.text else { throw .redisUnexpected("a transaction") }
        if word == "stop" {
            guard parts.count == 3, let number = parts[1].integer, (1...operations.count).contains(Int(number)) else {
                throw .redisUnexpected("a transaction")
            }
            let operation = operations[Int(number) - 1]
            var leaseGuard: LeaseGuard?
            if case .set(let write) = operation { leaseGuard = write.leaseGuard }
            _ = try parts[2].parts(operation.key, wanted: "a value", leaseGuard: leaseGuard)
        }
        guard word == "ok", parts.count == operations.count + 1 else { throw .redisUnexpected("a transaction") }
        var outcomes: [SessionOutcome] = []
        for (index, operation) in operations.enumerated() {
            let part = parts[index + 1]
            switch operation {
            case .set:
                outcomes.append(
                    .set(
                        SessionReceipt(
                            etag: plans[index]?.etag ?? "", expiresAt: part.bytes.flatMap(RedisEntry.expiry))))
            case .delete: outcomes.append(.deleted(part == .integer(1)))
            case .check: outcomes.append(.checked)
            }
        }
        return outcomes
    }

    /// What one script touches must be on one server of a cluster.
    func checkSlots(_ key: String, _ leaseGuard: LeaseGuard?) throws(StoreError) {
        guard let leaseGuard, client.isCluster else { return }
        try checkSlots(key, keys.bytes(.lease, leaseGuard.key), leaseGuard.key)
    }

    private func checkSlots(_ key: String, _ other: String) throws(StoreError) {
        guard client.isCluster else { return }
        try checkSlots(key, keys.bytes(.entry, other), other)
    }

    private func checkSlots(_ key: String, _ other: [UInt8], _ name: String) throws(StoreError) {
        guard RedisKeys.slot(keys.bytes(.entry, key)) != RedisKeys.slot(other) else { return }
        throw .invalidArgument(
            "in a cluster the keys of one step, and the lease that guards it, share their first "
                + (keys.slotSegments == 1 ? "segment" : "\(keys.slotSegments) segments"),
            resource: name, remedy: "give them the same beginning, for example user-7/cart and user-7/lock")
    }
}
