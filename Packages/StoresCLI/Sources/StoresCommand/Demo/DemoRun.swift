import StoresCore

/// A run that survives its process: its lease, its state and its events.
///
/// One process at a time works on it. A process that lost the lease without noticing is stopped by its next save,
/// which is guarded by the lease's generation.
final class DemoRun {
    /// How long a dead process holds up the next one.
    static let leaseTTL = Duration.seconds(5)

    private let events: EventStore
    private let names: DemoNames
    private let timings: DemoTimings
    private let lease: Lease?
    private var version: Int64
    private let heartbeat: Task<Void, Never>?
    private(set) var state: DemoState
    /// Whether an earlier process was interrupted in it.
    let isResumed: Bool

    /// Takes the lease, then goes on with the run that was interrupted, or starts the next one.
    ///
    /// - Parameter waiting: Called once when another process has the lease.
    /// - Throws: `conflict` when another process goes on holding it.
    static func open(
        _ events: EventStore, _ names: DemoNames, _ timings: DemoTimings, clock: any StoreClock,
        waiting: () -> Void
    ) async throws -> DemoRun {
        guard events.capabilities.contains(.event(.runState)) else {
            // Without run state a run can't be resumed; its number is the time, so that its events are its own.
            let state = DemoState(number: clock.now.millisecondsSinceEpoch)
            return DemoRun(events, names, timings, lease: nil, version: 0, state: state, isResumed: false)
        }
        let lease = try await acquire(events, names, waiting: waiting)
        do {
            let found = try await timings.measure(.event) { try await events.loadRun(names.run) }
            var state = DemoState(number: 1)
            if let found {
                let old = try DemoState(json: found.state)
                if found.status == "running" {
                    state = old
                    state.attempts += 1
                } else {
                    state = DemoState(number: old.number + 1)
                    state.counter = old.counter
                }
            }
            let run = DemoRun(
                events, names, timings, lease: lease, version: found?.version ?? 0, state: state,
                isResumed: found?.status == "running")
            try await run.save { _ in }
            return run
        } catch {
            if let lease { await release(lease, events) }
            throw error
        }
    }

    static func acquire(_ events: EventStore, _ names: DemoNames, waiting: () -> Void) async throws -> Lease? {
        guard events.capabilities.contains(.event(.runLeases)) else { return nil }
        let end = ContinuousClock.now.advanced(by: leaseTTL * 2)
        var saidSo = false
        while true {
            if let lease = try await events.acquireRunLease(names.run, ttl: leaseTTL) { return lease }
            guard ContinuousClock.now < end else {
                throw StoreError(
                    .conflict, "another process is running the demo", remedy: "wait until it has ended", tier: .event,
                    adapter: events.adapter, operation: "acquireRunLease", resource: names.run)
            }
            if !saidSo { waiting() }
            saidSo = true
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    static func release(_ lease: Lease, _ events: EventStore) async {
        // Also when this task was cancelled: so that the next start does not wait.
        _ = await Task { try? await events.releaseRunLease(lease, deadline: .after(.seconds(1))) }.value
    }

    private init(
        _ events: EventStore, _ names: DemoNames, _ timings: DemoTimings, lease: Lease?, version: Int64,
        state: DemoState, isResumed: Bool
    ) {
        self.events = events
        self.names = names
        self.timings = timings
        self.lease = lease
        self.version = version
        self.state = state
        self.isResumed = isResumed
        heartbeat = lease.map { lease in
            Task {
                while (try? await Task.sleep(for: Self.leaseTTL / 3)) != nil {
                    // A lease that is lost shows at the next save.
                    _ = try? await events.renewRunLease(lease, ttl: Self.leaseTTL)
                }
            }
        }
    }

    var stream: String { names.stream(state.number) }

    // MARK: State

    /// The checkpoint.
    func save(status: String = "running", _ change: (inout DemoState) -> Void) async throws {
        change(&state)
        guard events.capabilities.contains(.event(.runState)) else { return }
        let (state, version) = (state, version)
        let run = try await timings.measure(.event) {
            try await events.saveRun(
                names.run, status: status, state: state.json, ifVersion: version, lease: lease)
        }
        self.version = run.version
    }

    /// Ends the work of this process, finished or not.
    func close() async {
        heartbeat?.cancel()
        await heartbeat?.value
        if let lease { await Self.release(lease, events) }
    }

    // MARK: Events

    /// Appends one event. Its id says what happened in which run, so that a second append is recognised as such.
    func record(_ type: String, _ subject: String, _ data: Metadata) async throws {
        var writer = JSONWriter()
        writer.append(data)
        let digest = SHA256Digest.hexadecimal(of: Array("\(state.number)\u{0}\(type)\u{0}\(subject)".utf8))
        let event = NewEvent(
            id: "\(state.number)-\(type)-\(digest.prefix(24))", type: type, data: writer.bytes,
            metadata: ["run": String(state.number)])
        try await timings.measure(.event) {
            _ = try await events.append([event], to: stream, expected: .any)
        }
    }

    /// How many events of each type the run has, those of earlier processes among them.
    func counts() async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var from: Int64 = 0
        while true {
            let start = from
            let slice = try await timings.measure(.event) {
                try await events.read(stream, from: start, limit: 500)
            }
            for event in slice.events { counts[event.type, default: 0] += 1 }
            guard let last = slice.events.last, slice.events.count == 500 else { return counts }
            from = last.revision + 1
        }
    }
}
