import Logging

// Run state, run leases and snapshots (E8, E9), each behind its capability.

extension EventStore {
    // MARK: Runs

    /// Saves the state of a run.
    ///
    /// - Parameters:
    ///   - status: Free text of 1 to 64 UTF-8 bytes, listed by ``listRuns(status:cursor:limit:deadline:)``.
    ///   - ifVersion: 0 demands a new run, n that version; nil saves in any case.
    ///   - lease: A lease of this run; refuses with `preconditionFailed` once a later one was granted.
    @discardableResult
    public func saveRun(
        _ id: String, status: String, state: [UInt8], ifVersion: Int64? = nil, lease: Lease? = nil,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> Run {
        let operation = "saveRun"
        let driver = try runs(.runState, operation)
        try checkRun(id, operation)
        try runtime.check(operation, id) { () throws(StoreError) in
            try NameRules.check(status, "status", maxBytes: 64)
            if let ifVersion, ifVersion < 0 { throw .invalidArgument("ifVersion is at least 0; got \(ifVersion)") }
            if let most = capabilities.limits[.valueBytes], state.count > most {
                throw StoreError(.tooLarge, "a state has at most \(most) bytes here; got \(state.count)")
            }
        }
        if let lease {
            try runtime.require(.event(.runLeases), operation)
            try checkLease(lease, operation)
            guard lease.key.utf8.elementsEqual(id.utf8) else {
                throw runtime.refuse(
                    "the lease is of the run \(Redaction.name(lease.key))", operation, resource: id)
            }
        }
        return try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.saveRun(
                id, status: status, state: state, ifVersion: ifVersion, leaseGuard: lease.map(LeaseGuard.init),
                context: context)
        }
    }

    /// The run, or nil.
    public func loadRun(_ id: String, deadline: Deadline? = nil) async throws(StoreError) -> Run? {
        let driver = try runs(.runState, "loadRun")
        try checkRun(id, "loadRun")
        return try await runtime.call("loadRun", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.loadRun(id, context: context)
        }
    }

    /// A page of runs, by id; nil lists every status.
    public func listRuns(status: String? = nil, cursor: Cursor? = nil, limit: Int = 100, deadline: Deadline? = nil)
        async throws(StoreError) -> Page<Run>
    {
        let driver = try runs(.runState, "listRuns")
        try runtime.checkLimit(limit, "listRuns")
        return try await runtime.call("listRuns", deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.listRuns(status: status, cursor: cursor, limit: limit, context: context)
        }
    }

    /// - Returns: False when it was not there.
    @discardableResult
    public func deleteRun(_ id: String, deadline: Deadline? = nil) async throws(StoreError) -> Bool {
        let driver = try runs(.runState, "deleteRun")
        try checkRun(id, "deleteRun")
        return try await runtime.call("deleteRun", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.deleteRun(id, context: context)
        }
    }

    /// Takes the lease of a run; nil while another process has it. Its generation strictly rises.
    public func acquireRunLease(_ id: String, ttl: Duration, deadline: Deadline? = nil) async throws(StoreError)
        -> Lease?
    {
        let operation = "acquireRunLease"
        let driver = try runs(.runLeases, operation)
        try checkRun(id, operation)
        try checkTTL(ttl, operation)
        return try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.acquireLease(id, ttl: ttl, context: context)
        }
    }

    /// - Throws: `preconditionFailed` with the current generation when it is lost.
    public func renewRunLease(_ lease: Lease, ttl: Duration, deadline: Deadline? = nil) async throws(StoreError)
        -> Lease
    {
        let operation = "renewRunLease"
        let driver = try runs(.runLeases, operation)
        try checkLease(lease, operation)
        try checkTTL(ttl, operation)
        return try await runtime.call(operation, deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.renewLease(lease, ttl: ttl, context: context)
        }
    }

    /// - Returns: False when it was lost before.
    @discardableResult
    public func releaseRunLease(_ lease: Lease, deadline: Deadline? = nil) async throws(StoreError) -> Bool {
        let driver = try runs(.runLeases, "releaseRunLease")
        try checkLease(lease, "releaseRunLease")
        return try await runtime.call("releaseRunLease", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.releaseLease(lease, context: context)
        }
    }

    // MARK: Snapshots

    /// Keeps a folded state of a stream, up to and including `revision`. Replaces one of the same revision.
    public func saveSnapshot(_ snapshot: Snapshot, deadline: Deadline? = nil) async throws(StoreError) {
        let operation = "saveSnapshot"
        let driver = try snapshots(operation)
        try checkStream(snapshot.stream, operation)
        guard snapshot.revision >= 0 else {
            throw runtime.refuse("a revision is at least 0; got \(snapshot.revision)", operation)
        }
        try await runtime.call(operation, deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.saveSnapshot(snapshot, context: context)
        }
    }

    /// The newest snapshot that decodes, of a revision at most `atOrBefore`; nil when there is none. One that `decode`
    /// throws on is ignored, and the next older one tried (E9): the caller then replays from the events.
    public func loadSnapshot<T>(
        _ stream: String, atOrBefore: Int64? = nil, deadline: Deadline? = nil,
        decode: (Snapshot) throws -> T
    ) async throws(StoreError) -> (value: T, revision: Int64)? {
        let operation = "loadSnapshot"
        let driver = try snapshots(operation)
        try checkStream(stream, operation)
        let deadline = deadline ?? .after(runtime.options.timeout)
        var bound = atOrBefore
        while true {
            let limit = bound
            let page = try await runtime.call(operation, deadline: deadline, isIdempotent: true) {
                context throws(StoreError) in
                try await driver.loadSnapshots(stream, atOrBefore: limit, limit: 4, context: context)
            }
            for snapshot in page {
                do {
                    return (try decode(snapshot), snapshot.revision)
                } catch {
                    runtime.options.logger.notice(
                        "a snapshot does not decode and is ignored",
                        metadata: ["stream": "\(Redaction.name(stream))", "revision": "\(snapshot.revision)"])
                }
            }
            // A page may be short where a driver leaves out what it can't read: only an empty one is the end.
            guard let oldest = page.map(\.revision).min(), oldest > 0 else { return nil }
            bound = oldest - 1
        }
    }

    /// Removes the snapshots below a revision (nil: all of the stream); how many.
    @discardableResult
    public func deleteSnapshots(_ stream: String, before: Int64? = nil, deadline: Deadline? = nil)
        async throws(StoreError) -> Int
    {
        let driver = try snapshots("deleteSnapshots")
        try checkStream(stream, "deleteSnapshots")
        return try await runtime.call("deleteSnapshots", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.deleteSnapshots(stream, before: before, context: context)
        }
    }

    // MARK: Validation

    private func runs(_ capability: EventCapability, _ operation: String) throws(StoreError) -> any RunDriver {
        try runtime.require(.event(capability), operation)
        guard let driver = driver as? any RunDriver else { throw runtime.unsupported(.event(capability), operation) }
        return driver
    }

    private func snapshots(_ operation: String) throws(StoreError) -> any SnapshotDriver {
        try runtime.require(.event(.snapshots), operation)
        guard let driver = driver as? any SnapshotDriver else {
            throw runtime.unsupported(.event(.snapshots), operation)
        }
        return driver
    }

    private func checkRun(_ id: String, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in try NameRules.check(id, "a run id", maxBytes: 256) }
    }

    private func checkLease(_ lease: Lease, _ operation: String) throws(StoreError) {
        try checkRun(lease.key, operation)
        guard lease.generation >= 1 else {
            throw runtime.refuse("a generation is at least 1; got \(lease.generation)", operation)
        }
    }

    private func checkTTL(_ ttl: Duration, _ operation: String) throws(StoreError) {
        guard ttl > .zero else { throw runtime.refuse("a time to live is more than zero; got \(ttl)", operation) }
    }
}
