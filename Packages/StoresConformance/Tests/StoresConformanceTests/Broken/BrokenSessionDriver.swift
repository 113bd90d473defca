import StoresCore

/// The in-memory driver with one defect.
struct BrokenSessionDriver: StructuredSessionDriver, TransactionalSessionDriver, LeasingDriver {
    let inner: InMemorySessionDriver
    let defect: SessionDefect?
    let state: BrokenState

    init(inner: InMemorySessionDriver, defect: String) {
        self.inner = inner
        self.defect = SessionDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    private func folded(_ key: String) -> String { defect == .keysFolded ? key.lowercased() : key }

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        let found = try await inner.get(keys.map(folded), context: state.context(context))
        return defect == .answersReversed ? found.reversed() : found
    }

    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError) -> [Result<
        SessionReceipt, StoreError
    >] {
        try await state.take()
        var writes = writes
        for index in writes.indices {
            writes[index].key = folded(writes[index].key)
            switch defect {
            case .bytesAsText: writes[index].value.bytes = Array(writes[index].value.text.utf8)
            case .keepForgets: if writes[index].expiry == .keep { writes[index].expiry = .never }
            case .conditionsIgnored: writes[index].condition = .none
            case .fencingIgnored: writes[index].leaseGuard = nil
            default: break
            }
        }
        let lost = SessionReceipt(etag: "lost", expiresAt: nil)
        if defect == .writesLost { return writes.map { _ in .success(lost) } }
        if defect == .bulkStops {
            return try await inner.set(Array(writes.prefix(1000)), context: context)
                + writes.dropFirst(1000).map { _ in .success(lost) }
        }
        return try await inner.set(writes, context: state.context(context))
    }

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError) -> [Bool]
    {
        let condition = defect == .conditionsIgnored ? .none : condition
        let found = try await inner.delete(keys.map(folded), condition: condition, context: state.context(context))
        return defect == .deleteSaysTrue ? found.map { _ in true } : found
    }

    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        switch defect {
        case .prefixIsText:
            return try await inner.delete(
                allKeys(context).filter { $0.hasPrefix(prefix) }, condition: .none, context: context
            ).count { $0 }
        case .prefixStopsAtThousand:
            let keys = try await inner.scan(prefix: prefix, cursor: nil, limit: 1000, context: context).items
            return try await inner.delete(keys, condition: .none, context: context).count { $0 }
        default: return try await inner.delete(prefix: folded(prefix), context: state.context(context))
        }
    }

    private func allKeys(_ context: CallContext) async throws(StoreError) -> [String] {
        try await inner.scan(prefix: nil, cursor: nil, limit: 1_000_000, context: context).items
    }

    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError) -> Page<
        String
    > {
        switch defect {
        case .scanIsText:
            return Page(items: try await allKeys(context).filter { $0.hasPrefix(prefix ?? "") }, next: nil)
        case .scanByOffset:
            let keys = try await inner.scan(prefix: prefix, cursor: nil, limit: 1_000_000, context: context).items
            let start = min(cursor.flatMap { Int($0.rawValue) } ?? 0, keys.count)
            let end = min(start + limit, keys.count)
            return Page(items: Array(keys[start..<end]), next: end < keys.count ? Cursor(rawValue: "\(end)") : nil)
        default:
            return try await inner.scan(prefix: prefix, cursor: cursor, limit: limit, context: state.context(context))
        }
    }

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        try await inner.touch(key, expiry: defect == .touchClears ? .never : expiry, context: state.context(context))
    }

    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext) async throws(StoreError)
        -> Int64
    {
        switch defect {
        case .incrementByOne: return try await inner.increment(key, by: 1, expiry: expiry, context: context)
        case .readAddWrite:
            let text = try await inner.get([key], context: context)[0]?.value.text
            let sum = (text.flatMap { Int64($0) } ?? 0) &+ amount
            try? await Task.sleep(for: .microseconds(200))
            _ = try await inner.set([SessionWrite(key: key, value: SessionValue("\(sum)"))], context: context)
            return sum
        default:
            return try await state.call { () async throws(StoreError) in
                do throws(StoreError) {
                    return try await inner.increment(key, by: amount, expiry: expiry, context: state.context(context))
                } catch {
                    guard defect == .kindsIgnored || defect == .overflowWraps else { throw error }
                    return 0
                }
            }
        }
    }

    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        if defect == .appendsLost, let held = try await inner.elements(key, last: .max, context: context),
            held.count > 50
        {
            return held.count + 1
        }
        return try await inner.append(
            elements, to: key, keepLast: defect == .keepLastIgnored ? .max : keepLast, expiry: expiry,
            context: state.context(context))
    }

    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        let found = try await inner.elements(key, last: count, context: state.context(context))
        return defect == .orderReversed ? found?.reversed() : found
    }

    func transact(_ operations: [SessionOperation], context: CallContext) async throws(StoreError) -> [SessionOutcome] {
        guard defect == .transactionStepwise else {
            return try await inner.transact(operations, context: state.context(context))
        }
        var outcomes: [SessionOutcome] = []
        for operation in operations {
            outcomes += try await inner.transact([operation], context: context)
            try? await Task.sleep(for: .milliseconds(Int.random(in: 1...3)))
        }
        return outcomes
    }

    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        var lease = try await inner.acquireLease(key, ttl: ttl, context: state.context(context))
        if defect == .leaseShared, lease == nil {
            lease = Lease(key: key, generation: 1, expiresAt: context.now.advanced(by: ttl))
        }
        if defect == .generationReused { lease?.generation = 1 }
        return lease
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await inner.renewLease(lease, ttl: ttl, context: state.context(context))
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await inner.releaseLease(lease, context: state.context(context))
    }
}
