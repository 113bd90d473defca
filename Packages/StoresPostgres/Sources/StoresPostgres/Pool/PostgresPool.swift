import CLibPQ
import Dispatch
import Logging
@_spi(Sockets) import StoresCore
import Synchronization

/// The connections to one server, and the way to it for all drivers.
public final class PostgresPool: Sendable {
    typealias State = PostgresPoolState<PostgresConnection, PostgresWaiter>

    let configuration: PostgresConfiguration
    let endpoint: String
    let logger: Logger
    private let connect: PQConnect
    private let state: Guarded<State>
    /// All that are open, also those that are leased or out of service.
    private let all = Mutex<[UInt64: PostgresConnection]>([:])
    /// Made with the first connection.
    private let reactor = Mutex<SocketReactor?>(nil)
    private let known = Mutex(Known())
    private let nextID = Atomic<UInt64>(0)
    private let isClosed = Atomic<Bool>(false)
    private let sweep = DeadlineSweep(label: "stores.postgres.deadlines")
    private let queue = DispatchQueue(label: "stores.postgres.pool")
    /// A cancellation opens a connection, and blocks while it does.
    private let cancelling = DispatchQueue(label: "stores.postgres.cancel")

    private struct Known {
        var types = PostgresTypes()
        var serverVersion = 0
        var isInRecovery = false
        /// How far the last attempt to connect came, and why it failed.
        var phase: StoreError.Phase?
        var failure: StoreError?
    }

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        endpoint = configuration.endpoint
        connect = PQConnect(configuration: configuration, endpoint: endpoint)
        let shared = max(1, min(configuration.sharedConnections, configuration.poolSize - 1))
        state = Guarded(State(shared: shared, leases: configuration.poolSize - shared))
    }

    var types: PostgresTypes { known.withLock { $0.types } }
    /// For example 150018 or 180004; 0 before the first connection.
    var serverVersion: Int { known.withLock { $0.serverVersion } }
    var isInRecovery: Bool { known.withLock { $0.isInRecovery } }
    var schema: String { configuration.schema }

    // MARK: Statements

    /// One statement on a shared connection.
    ///
    /// - Throws: For a write on a connection that goes away, `unavailable` with `applied: .unknown`. What was not sent
    ///   goes to another connection.
    func query(
        _ sql: String, _ parameters: [PostgresParameter], _ kind: PostgresKind, isPrepared: Bool = true,
        deadline: Deadline
    ) async throws(StoreError) -> PostgresRows {
        let rows = try await group(
            [PostgresCommand(sql, parameters, isPrepared: isPrepared)], kind, deadline: deadline)
        guard let first = rows.first else { throw StoreError(.internal, "the server gave no answer") }
        return first
    }

    func query(_ sql: String, _ kind: PostgresKind, isPrepared: Bool = true, deadline: Deadline)
        async throws(StoreError) -> PostgresRows
    {
        try await query(sql, [], kind, isPrepared: isPrepared, deadline: deadline)
    }

    /// Statements in one round trip and one transaction; READ COMMITTED: each sees what was committed before it began.
    ///
    /// - Parameter batch: For how many calls of other tasks the statements are; nil for the present task's own. Theirs
    ///   are not cancelled with the present task, and it does not wait for the answer itself.
    func group(
        _ commands: [PostgresCommand], _ kind: PostgresKind, batch: Int? = nil, deadline: Deadline
    ) async throws(StoreError) -> [PostgresRows] {
        if commands.isEmpty { return [] }
        let encoded = try encode(commands)
        var attempt = 0
        while true {
            attempt += 1
            let connection = try await sharedConnection(deadline)
            let request = PostgresRequest(encoded, kind, deadline: deadline.instant, calls: batch ?? 1)
            let outcome = await connection.run(request, isCancellable: batch == nil, isLone: batch == nil)
            switch outcome {
            case .rows(let rows): return rows
            case .notSent where attempt < 4: continue
            default: throw error(outcome, kind, connection)
            }
        }
    }

    func encode(_ commands: [PostgresCommand]) throws(StoreError) -> [PostgresEncodedCommand] {
        let types = types
        var encoded: [PostgresEncodedCommand] = []
        encoded.reserveCapacity(commands.count)
        for command in commands { encoded.append(try PostgresEncodedCommand(command, types: types)) }
        return encoded
    }

    /// What an outcome that brought no rows is for the caller.
    func error(_ outcome: PostgresOutcome, _ kind: PostgresKind, _ connection: PostgresConnection) -> StoreError {
        let isWrite = kind == .write
        switch outcome {
        case .rows: return StoreError(.internal, "an answer was taken for an error")
        case .failed(let failure):
            // The server has become a replica, or ends the connection: a new one may find a better server. One a second
            // is enough to find out.
            let isOld = connection.openedAt.duration(to: .now) > .seconds(1)
            if failure.endsConnection || failure.sqlState == "25006" && isOld { retire(connection) }
            return .postgres(failure, kind, endpoint: endpoint)
        case .lost(let failure): return .lost(failure, kind)
        case .notSent(let failure): return .notSent(failure, kind)
        case .timedOut(let wasSent):
            return .timeout("the statement", applied: isWrite ? (wasSent ? .unknown : .no) : nil)
        case .cancelled(let wasSent): return .cancelled(applied: isWrite ? (wasSent ? .unknown : .no) : nil)
        }
    }

    // MARK: Connections

    private func sharedConnection(_ deadline: Deadline) async throws(StoreError) -> PostgresConnection {
        while true {
            let (connection, actions) = pick()
            perform(actions, deadline)
            guard let connection else { break }
            guard isOverdue(connection) else { return connection }
            retire(connection)
        }
        if Task.isCancelled { throw .cancelled(applied: .no) }
        let waiter = PostgresWaiter(deadline: deadline)
        let outcome = await waiter.wait {
            // Between the look above and this one a connection may have been opened.
            let (connection, actions) = state.withLock { state -> (PostgresConnection?, [State.Action]) in
                let now = MonotonicInstant.now
                let picked = state.pick { $0.burden(now) }
                if picked.connection == nil, !state.isClosed { state.waitForShared(waiter) }
                return picked
            }
            if let connection {
                waiter.finish(.success(connection))
            } else if isClosed.load(ordering: .acquiring) {
                waiter.finish(.failure(closedError))
            } else {
                arm(deadline.instant)
            }
            perform(actions, deadline)
        }
        return try outcome.get()
    }

    private func pick() -> (connection: PostgresConnection?, actions: [State.Action]) {
        let now = MonotonicInstant.now
        return state.withLock { state in state.pick { $0.isRetired ? .max : $0.burden(now) } }
    }

    private func isOverdue(_ connection: PostgresConnection) -> Bool {
        connection.isRetired
            || connection.openedAt.duration(to: .now) > configuration.maximumLifetime
    }

    /// Takes a connection out of service; what is under way on it ends as it may.
    private func retire(_ connection: PostgresConnection) {
        connection.isRetired = true
        state.withLock { $0.closed(connection) }
        queue.async { self.closeWhenIdle(connection) }
    }

    private func closeWhenIdle(_ connection: PostgresConnection) {
        if connection.isIdle { return connection.close() }
        queue.asyncAfter(deadline: .now() + .milliseconds(50)) { self.closeWhenIdle(connection) }
    }

    /// A connection for one task alone. It must come back by ``giveBack(_:isUsable:)``.
    func lease(_ deadline: Deadline) async throws(StoreError) -> PostgresConnection {
        while let connection = state.withLock({ $0.lease() }) {
            guard isOverdue(connection) else { return connection }
            giveBack(connection, isUsable: false)
        }
        if Task.isCancelled { throw .cancelled(applied: .no) }
        let waiter = PostgresWaiter(deadline: deadline)
        let outcome = await waiter.wait {
            if isClosed.load(ordering: .acquiring) {
                waiter.finish(.failure(closedError))
                return
            }
            let actions = state.withLock { $0.waitForLease(waiter) }
            arm(deadline.instant)
            perform(actions, deadline, isLeased: true)
        }
        return try outcome.get()
    }

    /// - Parameter closes: False when somebody else closes it.
    func giveBack(_ connection: PostgresConnection, isUsable: Bool, closes: Bool = true) {
        let actions = state.withLock { state in
            guard isUsable, !connection.isRetired else {
                return state.lostLease(isNew: false) { !$0.isFinished }
            }
            return state.returned(connection, isNew: false) { $0.finish(.success(connection)) }
        }
        if closes, !isUsable || connection.isRetired { connection.close() }
        perform(actions, Deadline.after(configuration.connectTimeout))
    }

    /// Asks the server to stop what a leased connection is doing, and closes it.
    func cancel(_ connection: PostgresConnection) {
        cancelling.async {
            // Once is enough.
            if connection.isClosed { return }
            var text = [CChar](repeating: 0, count: 256)
            if let cancel = PQgetCancel(connection.handle.connection) {
                _ = PQcancel(cancel, &text, Int32(text.count))
                PQfreeCancel(cancel)
            }
            connection.handle.cutOff()
            connection.close()
        }
    }

    /// - Parameter isLeased: A connection that is given belongs to its taker alone.
    private func perform(_ actions: [State.Action], _ deadline: Deadline, isLeased: Bool = false) {
        for action in actions {
            switch action {
            case .open(let index): open(shared: index, deadline)
            case .give(let connection, let waiter):
                let isTaken = waiter.finish(.success(connection))
                if !isTaken, isLeased { giveBack(connection, isUsable: true) }
            case .fail(let waiter): waiter.finish(.failure(known.withLock { $0.failure } ?? closedError))
            case .close(let connection): connection.close()
            }
        }
    }

    // MARK: Opening

    private func open(shared index: Int?, _ wanted: Deadline) {
        let id = nextID.add(1, ordering: .relaxed).newValue
        // Leased connections block their queue, by COPY for example. A shared one never does, so that its queue may use
        // the threads of the tasks: the one that has read an answer then goes on with the task that waited for it.
        let queue = DispatchQueue(label: "stores.postgres.\(id)", target: index == nil ? nil : .global())
        let opening = index == nil ? queue : DispatchQueue(label: "stores.postgres.open.\(id)")
        // A little earlier than who waits for it, so that he gets the reason rather than a time-out. Who waits for less
        // than a second gets a time-out, and the connection is there for who comes next.
        let own = Deadline.after(configuration.connectTimeout)
        let early = Deadline(wanted.instant - .milliseconds(200))
        let deadline = wanted.remaining < .seconds(1) ? own : min(own, early)
        opening.async {
            do throws(StoreError) {
                let connection = try self.make(id, queue, deadline)
                self.known.withLock { known in (known.failure, known.phase) = (nil, nil) }
                let actions = self.state.withLock { state in
                    guard let index else {
                        return state.returned(connection, isNew: true) { $0.finish(.success(connection)) }
                    }
                    return state.opened(connection, shared: index)
                }
                self.perform(actions, own)
            } catch {
                // Whatever was on its way was the session's beginning, and nobody's write.
                let failure = error.filling(endpoint: self.endpoint).notApplied
                self.known.withLock { $0.failure = failure }
                self.logger.debug("no connection to Postgres", metadata: ["error": "\(failure)"])
                let actions = self.state.withLock { state in
                    guard let index else { return state.lostLease(isNew: true) { !$0.isFinished } }
                    return state.failedToOpen(shared: index)
                }
                self.perform(actions, own)
            }
        }
    }

    /// A connection of its own, beside the pool's, for notifications. Blocks its own queue, not the caller.
    ///
    /// - Parameters:
    ///   - onNotify: Called with the channel for each notification.
    ///   - completion: Called with the connection once it listens, or with nil; and with nil when it ends.
    func listen(
        _ channel: String, onNotify: @escaping @Sendable (String) -> Void,
        completion: @escaping @Sendable (PostgresConnection?) -> Void
    ) {
        let id = nextID.add(1, ordering: .relaxed).newValue
        let queue = DispatchQueue(label: "stores.postgres.listen.\(id)")
        queue.async { [self] in
            do throws(StoreError) {
                let deadline = Deadline.after(configuration.connectTimeout)
                let handle = try connect.open(deadline: deadline) { _ in
                } isGivenUp: {
                    isClosed.load(ordering: .acquiring)
                }
                try handle.script("LISTEN \(PostgresIdentifier.quoted(channel))", deadline: deadline)
                let connection = PostgresConnection(
                    id: id, handle: handle, queue: queue, reactor: try reactorInUse(), onNotify: onNotify
                ) { _ in
                    completion(nil)
                }
                try connection.start()
                completion(connection)
            } catch {
                logger.debug("no notifications from Postgres; polling", metadata: ["error": "\(error)"])
                completion(nil)
            }
        }
    }

    private func reactorInUse() throws(StoreError) -> SocketReactor {
        try reactor.withLock { reactor throws(StoreError) in
            if isClosed.load(ordering: .acquiring) { throw closedError }
            if let reactor { return reactor }
            let made = try SocketReactor(label: "stores.postgres.sockets")
            reactor = made
            return made
        }
    }

    private func make(_ id: UInt64, _ queue: DispatchQueue, _ deadline: Deadline) throws(StoreError)
        -> PostgresConnection
    {
        let handle = try connect.open(deadline: deadline) { phase in
            known.withLock { $0.phase = phase }
        } isGivenUp: {
            isClosed.load(ordering: .acquiring)
        }
        try prepare(handle, deadline)
        let connection = PostgresConnection(
            id: id, handle: handle, queue: queue, reactor: try reactorInUse()
        ) { [weak self] connection in
            guard let self else { return }
            state.withLock { $0.closed(connection) }
            all.withLock { $0[connection.id] = nil }
        }
        try connection.start()
        all.withLock { $0[id] = connection }
        return connection
    }

    /// The session's settings, and what is to be known of the database, in one round trip.
    private func prepare(_ handle: PQHandle, _ deadline: Deadline) throws(StoreError) {
        guard handle.serverVersion >= 130_000 else {
            throw StoreError(
                .unsupported, "the server is PostgreSQL \(handle.serverVersion / 10_000); 13 is the oldest",
                remedy: "use a later server", applied: .no, phase: .version)
        }
        do throws(StoreError) {
            let rows = try handle.run(PostgresSession.setup, [configuration.schema], deadline: deadline)
            guard let row = rows.first else { throw StoreError(.internal, "the server gave no answer", applied: .no) }
            let types = try PostgresSession.types(row)
            let isInRecovery = try row.bool(1)
            known.withLock { known in
                known.types = types
                known.serverVersion = handle.serverVersion
                known.isInRecovery = isInRecovery
            }
        } catch {
            throw error.filling(endpoint: endpoint, phase: .open)
        }
    }

    // MARK: Time and end

    private func arm(_ deadline: MonotonicInstant) {
        sweep.arm(deadline) { [weak self] in self?.endOverdue() }
    }

    private func endOverdue() -> MonotonicInstant? {
        let (phase, failure) = known.withLock { ($0.phase, $0.failure) }
        let now = MonotonicInstant.now
        return state.withLock { state in
            var next: MonotonicInstant?
            state.everyWaiter { waiter in
                if waiter.deadline.instant <= now {
                    waiter.finish(.failure(Self.waitedInVain(phase, failure)))
                    return false
                }
                if waiter.isFinished { return false }
                next = min(next ?? waiter.deadline.instant, waiter.deadline.instant)
                return true
            }
            return next
        }
    }

    private static func waitedInVain(_ phase: StoreError.Phase?, _ failure: StoreError?) -> StoreError {
        if let failure { return failure }
        return StoreError(
            .timeout, "no connection was free before the deadline",
            remedy: "raise POSTGRES_POOL_SIZE, or look for long transactions with: stores doctor", applied: .no,
            isLocal: phase == nil, phase: phase)
    }

    private var closedError: StoreError {
        StoreError(
            .unavailable, "the Postgres backend is not open", remedy: "call start first, and not after shutdown",
            applied: .no, isRetryable: false)
    }

    func close() {
        isClosed.store(true, ordering: .releasing)
        known.withLock { $0.failure = closedError }
        perform(state.withLock { $0.close() }, Deadline.after(.zero))
    }

    /// After ``close()``, when calls have had their time: ends those that still go on, and the connections' thread.
    func end() async {
        for connection in all.withLock({ Array($0.values) }) { connection.close() }
        await reactor.withLock { $0 }?.stop()
    }

    /// Closes what is idle: the next calls open connections anew, which look the types up.
    func renew() {
        for connection in state.withLock({ $0.connections }) { retire(connection) }
    }
}
