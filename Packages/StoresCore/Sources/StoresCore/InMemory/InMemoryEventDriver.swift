import Synchronization

/// Streams, runs and snapshots in memory: the reference for the event tier. One lock orders all appends, so positions
/// become visible in their order (E6).
public final class InMemoryEventDriver: OrderedEventDriver, DeletingEventDriver, RunDriver, SnapshotDriver {
    private let behavior: InMemoryBehavior
    private let state = Mutex(InMemoryEventState())
    private let runs = Mutex(InMemoryRunState())
    private let waiters = InMemoryEventWaiters()

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    /// How many tasks wait for events.
    var waitingCount: Int { waiters.count }

    // MARK: Streams

    public func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        // Also when the answer is lost: the events are there.
        defer { waiters.wake() }
        return try perform("append", context, state) { (state) throws(StoreError) -> AppendResult in
            try state.append(events, stream, expected, context.now)
        }
    }

    public func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        try perform("read", context, state) { $0.read(stream, from, direction, limit) }
    }

    public func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError)
        -> EventSlice
    {
        try perform("readAll", context, state) { (state) throws(StoreError) -> EventSlice in
            try state.readAll(position, limit)
        }
    }

    public func head(context: CallContext) async throws(StoreError) -> Position? {
        try perform("head", context, state) { $0.head }
    }

    public func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        try behavior.faults?.strike(.event, "waitForEvents", .before)
        let after = try InMemoryEventState.number(position)
        // The waiter enrols before it looks, so that an append in between wakes it.
        try await waiters.wait(timeout: timeout) { [self] in
            state.withLock { $0.hasEvents(after: after) }
        }
    }

    public func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        try perform("deleteStream", context, state) { $0.delete(stream) }
    }

    // MARK: Snapshots

    public func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError) {
        try perform("saveSnapshot", context, state) { $0.save(snapshot) }
    }

    public func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]
    {
        try perform("loadSnapshots", context, state) { $0.snapshots(stream, atOrBefore, limit) }
    }

    public func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int
    {
        try perform("deleteSnapshots", context, state) { $0.deleteSnapshots(stream, before) }
    }

    // MARK: Runs

    public func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?, context: CallContext
    ) async throws(StoreError) -> Run {
        try perform("saveRun", context, runs) { (runs) throws(StoreError) -> Run in
            try runs.save(id, status, state, ifVersion, leaseGuard, context.now)
        }
    }

    public func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run? {
        try perform("loadRun", context, runs) { $0.run(id) }
    }

    public func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>
    {
        try perform("listRuns", context, runs) { (runs) throws(StoreError) -> Page<Run> in
            try runs.list(status, cursor, limit)
        }
    }

    public func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool {
        try perform("deleteRun", context, runs) { $0.delete(id) }
    }

    public func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try perform("acquireLease", context, runs) { $0.leases.acquire(key, ttl, context.now) }
    }

    public func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try perform("renewLease", context, runs) { (runs) throws(StoreError) -> Lease in
            try runs.leases.renew(lease, ttl, context.now)
        }
    }

    public func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try perform("releaseLease", context, runs) { $0.leases.release(lease, context.now) }
    }

    private func perform<State: Sendable, T: Sendable>(
        _ operation: String, _ context: CallContext, _ state: borrowing Mutex<State>,
        _ body: (inout State) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try behavior.perform(.event, operation, context) { () throws(StoreError) -> T in
            try state.withLock { (state) throws(StoreError) -> T in try body(&state) }
        }
    }
}
