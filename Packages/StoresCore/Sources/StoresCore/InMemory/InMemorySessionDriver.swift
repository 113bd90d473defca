import Synchronization

/// Entries, counters, lists and leases in memory: the reference for the session tier.
public final class InMemorySessionDriver: StructuredSessionDriver, TransactionalSessionDriver, LeasingDriver {
    private let behavior: InMemoryBehavior
    private let state = Mutex(InMemorySessionState())

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    public func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        try perform("get", context) { (state, now) throws(StoreError) -> [SessionEntry?] in
            var entries: [SessionEntry?] = []
            for key in keys { entries.append(try state.entry(key, now)) }
            return entries
        }
    }

    public func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        try perform("set", context) { state, now in
            writes.map { write in
                Result { () throws(StoreError) -> SessionReceipt in try state.set(write, now, context.ids) }
            }
        }
    }

    public func delete(_ keys: [String], condition: SessionCondition, context: CallContext)
        async throws(StoreError) -> [Bool]
    {
        try perform("delete", context) { (state, now) throws(StoreError) -> [Bool] in
            for key in keys { try state.check(condition, key, now) }
            return keys.map { state.remove($0, now) }
        }
    }

    public func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else {
            throw .invalidArgument("an empty prefix would delete everything", remedy: "name a prefix")
        }
        return try perform("deletePrefix", context) { state, now in state.remove(prefix: prefix, now) }
    }

    public func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        try perform("scan", context) { (state, now) throws(StoreError) -> Page<String> in
            try state.scan(prefix, cursor, limit, now)
        }
    }

    public func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        try perform("touch", context) { state, now in state.touch(key, expiry, now) }
    }

    public func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int64
    {
        try perform("increment", context) { (state, now) throws(StoreError) -> Int64 in
            try state.increment(key, amount, expiry, now, context.ids)
        }
    }

    public func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        try perform("append", context) { (state, now) throws(StoreError) -> Int in
            try state.append(elements, key, keepLast, expiry, now, context.ids)
        }
    }

    public func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        try perform("elements", context) { (state, now) throws(StoreError) -> [[UInt8]]? in
            try state.elements(key, count, now)
        }
    }

    public func transact(_ operations: [SessionOperation], context: CallContext)
        async throws(StoreError) -> [SessionOutcome]
    {
        try perform("transact", context) { (state, now) throws(StoreError) -> [SessionOutcome] in
            try state.transact(operations, now, context.ids)
        }
    }

    public func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try perform("acquireLease", context) { state, now in state.leases.acquire(key, ttl, now) }
    }

    public func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try perform("renewLease", context) { (state, now) throws(StoreError) -> Lease in
            try state.leases.renew(lease, ttl, now)
        }
    }

    public func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try perform("releaseLease", context) { state, now in state.leases.release(lease, now) }
    }

    private func perform<T: Sendable>(
        _ operation: String, _ context: CallContext,
        _ body: (inout InMemorySessionState, Timestamp) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try behavior.perform(.session, operation, context) { () throws(StoreError) -> T in
            let now = context.now
            return try state.withLock { (state) throws(StoreError) -> T in
                state.purge(now)
                return try body(&state, now)
            }
        }
    }
}
