/// What an adapter implements for the event tier.
public protocol EventDriver: Sendable {
    /// All or nothing (E2). A stale expectation is `conflict(.revision(expected:actual:))`; a partial overlap of event
    /// ids is `conflict(.partialDuplicate)`; the same ids again, in the same order, return the original result.
    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult

    /// Forward: revisions from `from` up; backward: from `from` down. Nil: from the first, or from the last.
    /// Forward from before the oldest kept event of a stream that lost some throws `notFound` naming the oldest (E11).
    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
}

/// One order over all streams (capability `globalOrder`), with the no-skip guarantee (E6).
public protocol OrderedEventDriver: EventDriver {
    /// Events after the position (nil: from the start), oldest first.
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice

    /// The position of the last event that `readAll` can reach now; nil when there is none.
    func head(context: CallContext) async throws(StoreError) -> Position?

    /// Returns as soon as there may be events after the position, or when `timeout` has passed; early is fine.
    /// Subscriptions call it between reads; a driver without notifications polls.
    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError)
}

/// Says how far `readAll` is behind what is committed, where a backend holds events back to keep their order (E6).
public protocol LaggingEventDriver: OrderedEventDriver {
    /// The age of the oldest committed event that `readAll` does not give yet; zero when there is none.
    func lag(context: CallContext) async throws(StoreError) -> Duration
}

/// Removal of whole streams (capability `deleteStream`): events, snapshots and all.
public protocol DeletingEventDriver: EventDriver {
    /// False when it was not there. Positions of other events do not change, and none is reused.
    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool
}

/// Run state (E8; capabilities `runState` and `runLeases`). Leases of runs live apart from the session tier's.
public protocol RunDriver: LeasingDriver {
    /// `ifVersion`: 0 demands a new run, n that version; else `conflict(.version(current:))`. With a `leaseGuard` whose
    /// generation was superseded: `preconditionFailed(.version(current:))`.
    func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64?, leaseGuard: LeaseGuard?, context: CallContext
    ) async throws(StoreError) -> Run

    func loadRun(_ id: String, context: CallContext) async throws(StoreError) -> Run?

    /// By id in UTF-8 order; nil lists every status.
    func listRuns(status: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<Run>

    /// False when it was not there. The version is kept: a later save of the id goes on from it (E8).
    func deleteRun(_ id: String, context: CallContext) async throws(StoreError) -> Bool
}

/// Snapshots (E9; capability `snapshots`).
public protocol SnapshotDriver: Sendable {
    /// Replaces one of the same stream and revision.
    func saveSnapshot(_ snapshot: Snapshot, context: CallContext) async throws(StoreError)

    /// Newest first, at most `limit`, of revisions at most `atOrBefore` (nil: any); empty only when no older is there.
    func loadSnapshots(_ stream: String, atOrBefore: Int64?, limit: Int, context: CallContext)
        async throws(StoreError) -> [Snapshot]

    /// Removes the snapshots of a stream below a revision (nil: all); how many.
    func deleteSnapshots(_ stream: String, before: Int64?, context: CallContext) async throws(StoreError) -> Int
}
