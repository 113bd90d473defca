import CLibPQ
import Dispatch
@_spi(Sockets) import StoresCore
import Synchronization

/// One connection in pipeline mode, on which the requests of many tasks are under way at once.
///
/// Whoever holds `lock` may touch libpq: the reactor's thread, which reads what has arrived; the queue, which sends
/// what has gathered; or, while nothing is under way, the submitting task itself, which saves a lone request the
/// changes of threads, see ``PostgresSolo``. Requests that come while others are under way gather in the inbox, and go
/// out together when those are answered: few large batches instead of many small ones. The server would not have begun
/// with them earlier.
///
/// `@unchecked Sendable`: all `var` are used under `lock`, those of the inbox under its own; `seenUses` and `seenAt`
/// are the reactor's.
final class PostgresConnection: SocketReactorMember, @unchecked Sendable {
    private struct Inbox {
        var requests: [PostgresRequest] = []
        /// Somebody is going to empty it: a drain that is scheduled, or the end of what is under way.
        var isAwaited = false
        /// When deadlines are looked at next.
        var sweepAt: ContinuousClock.Instant?

        /// - Returns: Whether that is before the next look.
        mutating func sweeps(earlierAt deadline: ContinuousClock.Instant) -> Bool {
            if let sweepAt, sweepAt <= deadline { return false }
            sweepAt = deadline
            return true
        }
    }

    let id: UInt64
    let openedAt = ContinuousClock.now
    let serverVersion: Int
    let queue: DispatchQueue
    let handle: PQHandle
    /// Told once, when the connection is of no more use.
    private let onClose: @Sendable (PostgresConnection) -> Void
    private let onNotify: (@Sendable (String) -> Void)?

    private let reactor: SocketReactor
    private let lock = Guarded(())
    private var pipeline = PostgresPipeline()
    private var isOpen = true
    /// The server has said that it ends the session; its word may come before the end of the stream.
    private var isEnding = false
    /// libpq is somebody's who does not hold the lock.
    private var isLent = false
    private var solo = PostgresSolo()
    /// What the reactor is to wait for.
    private let watched = Atomic<UInt8>(Watched.nothing)
    /// Requests whose own task waits for the answer. While they go on, nobody else has to watch.
    private let soloUses = Atomic<Int>(0)
    private var seenUses = 0
    private var seenAt = ContinuousClock.now
    /// libpq may drop its own at the end, while the reactor looks.
    private let socket: Int32
    private let inbox = Guarded(Inbox())
    private let load = Atomic<Int>(0)
    /// What the server has yet to answer, also where nobody waits for it any more.
    private let owed = Atomic<Int>(0)
    /// When the server last answered, or was first asked: nanoseconds since `openedAt`.
    private let progress = Atomic<Int64>(0)
    /// The time that the server has lately taken for a request, in nanoseconds.
    private let pace = Atomic<Int64>(0)
    /// As `progress`, but of whole answers.
    private var pacedAt: Int64 = 0
    private let retired = Atomic<Bool>(false)

    /// How long a request may be overdue before the connection counts as dead: the server's own limit comes first.
    static let patience = Duration.seconds(5)

    init(
        id: UInt64, handle: PQHandle, queue: DispatchQueue, reactor: SocketReactor,
        onNotify: (@Sendable (String) -> Void)? = nil, onClose: @escaping @Sendable (PostgresConnection) -> Void
    ) {
        self.id = id
        self.handle = handle
        self.queue = queue
        self.reactor = reactor
        self.onClose = onClose
        self.onNotify = onNotify
        serverVersion = handle.serverVersion
        socket = handle.socket
    }

    /// Requests that wait or are under way. One that the server has been busy with for long weighs more than any crowd,
    /// for what comes would wait behind it.
    var pending: Int {
        let owed = owed.load(ordering: .relaxed)
        let count = max(load.load(ordering: .relaxed), owed)
        guard owed > 0, elapsed - progress.load(ordering: .relaxed) > Self.stuckAfter else { return count }
        return count + PostgresPool.State.stuck
    }

    private static let stuckAfter: Int64 = 50_000_000

    /// Whether each request takes the server so long that gathering them would only leave it idle between the batches.
    private var isSlow: Bool { pace.load(ordering: .relaxed) > Self.slow }

    private static let slow: Int64 = 150_000

    private var elapsed: Int64 {
        let (seconds, attoseconds) = openedAt.duration(to: .now).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// No more requests are to be given to it.
    var isRetired: Bool {
        get { retired.load(ordering: .relaxed) }
        set { retired.store(newValue, ordering: .relaxed) }
    }

    /// Turns pipeline mode on and begins to listen to the socket.
    func start() throws(StoreError) {
        guard PQsetnonblocking(handle.connection, 1) == 0, PQenterPipelineMode(handle.connection) == 1 else {
            throw StoreError(.unavailable, "the connection does not enter pipeline mode", applied: .no)
        }
        // Called within calls of libpq, which are made by this object under the lock.
        PQsetNoticeReceiver(
            handle.connection,
            { context, notice in
                guard let context, PQHandle.isFatal(notice) else { return }
                Unmanaged<PostgresConnection>.fromOpaque(context).takeUnretainedValue().isEnding = true
            }, Unmanaged.passUnretained(self).toOpaque())
        watched.store(Watched.reads, ordering: .releasing)
        reactor.join(self)
    }

    // MARK: Sending

    func run(_ request: PostgresRequest, isCancellable: Bool = true) async -> PostgresOutcome {
        load.add(1, ordering: .relaxed)
        defer { load.subtract(1, ordering: .relaxed) }
        return await request.wait(isCancellable: isCancellable) { submit(request) }
    }

    private func submit(_ request: PostgresRequest) {
        // In company it is not even tried: a look at a lock that is taken costs a call of the kernel.
        if pending <= 1, sendAlone(request) { return }
        let (isFirst, isEarlier) = inbox.withLock { inbox in
            inbox.requests.append(request)
            defer { inbox.isAwaited = true }
            return (!inbox.isAwaited, inbox.sweeps(earlierAt: request.deadline))
        }
        if isFirst || isSlow { queue.async { self.drain() } }
        if isEarlier { scheduleSweep(request.deadline) }
    }

    private func sendAlone(_ request: PostgresRequest) -> Bool {
        var arrived = Arrived()
        let isSent = lock.withLockIfAvailable { _ -> Bool in
            lookAround(&arrived)
            guard isOpen, !isLent, pipeline.isIdle else { return false }
            let isFree = inbox.withLock { inbox in
                guard !inbox.isAwaited else { return false }
                inbox.isAwaited = true
                return true
            }
            guard isFree else { return false }
            send([request])
            arm(request.deadline)
            if isOpen, !pipeline.isIdle, solo.enter() { awaitAlone(&arrived) }
            // It may have been cancelled at the last moment.
            drainInbox()
            return true
        }
        deliver(arrived)
        return isSent ?? false
    }

    /// Under the lock: nobody watches, and something is to be read although nothing is under way. It is the
    /// connection's end, or a word about it.
    private func lookAround(_ arrived: inout Arrived) {
        guard solo.isActive, isOpen, !isLent, pipeline.isIdle, handle.hasInput else { return }
        endSolo()
        for _ in 0..<3 where isOpen && handle.hasInput { receive(&arrived) }
    }

    /// Under the lock: the answer to the only request there is, read by the task that waits for it.
    private func awaitAlone(_ arrived: inout Arrived) {
        soloUses.add(1, ordering: .relaxed)
        watched.store(Watched.nothing, ordering: .releasing)
        // The answers to its preparation may come by themselves.
        for _ in 0..<3 where isOpen && !pipeline.isIdle && watched.load(ordering: .relaxed) == Watched.nothing {
            let wait = handle.awaitInput(PostgresSolo.patience, looking: solo.spin)
            solo.waited(wait)
            guard wait != .inVain else { break }
            receive(&arrived)
        }
        if !isOpen || !pipeline.isIdle { endSolo() }
    }

    /// Under the lock: the reactor watches again.
    private func endSolo() {
        solo.end()
        guard isOpen, watchAgain() else { return }
        reactor.wake()
    }

    /// Under the lock. Whoever wants to write wants to read as well, and stays.
    private func watchAgain() -> Bool {
        watched.compareExchange(
            expected: Watched.nothing, desired: Watched.reads, ordering: .acquiringAndReleasing
        ).exchanged
    }

    private func drain() {
        var arrived = Arrived()
        lock.withLock { _ in
            lookAround(&arrived)
            drainInbox()
        }
        deliver(arrived)
    }

    /// Sends what has gathered, unless something is under way that is soon answered: the end of that drains it.
    private func drainInbox() {
        while !isOpen || (pipeline.isIdle || isSlow) && !isLent {
            let batch = inbox.withLock { inbox in
                defer { inbox.requests = [] }
                if inbox.requests.isEmpty { inbox.isAwaited = !pipeline.isIdle }
                return inbox.requests
            }
            if batch.isEmpty { return }
            if isOpen {
                if solo.isActive { endSolo() }
                send(batch)
            } else {
                for request in batch { request.finish(.notSent(nil)) }
            }
        }
    }

    /// Sends what is to be sent, with one flush.
    private func send(_ requests: [PostgresRequest]) {
        guard !requests.isEmpty else { return }
        if pipeline.isIdle {
            pacedAt = elapsed
            progress.store(pacedAt, ordering: .relaxed)
        }
        let now = ContinuousClock.now
        let actions = pipeline.plan(requests, sharing: isSlow ? 1 : .max) {
            Self.statementTimeout(for: $0.serverDeadline, now)
        }
        for action in actions where !perform(action) { return fail() }
        owed.store(pipeline.inFlight, ordering: .relaxed)
        flush()
    }

    private func perform(_ action: PostgresPipeline.Action) -> Bool {
        let connection = handle.connection
        switch action {
        case .sync: return PQpipelineSync(connection) == 1
        case .prepare(let statement, let types):
            return PQsendPrepare(connection, statement.name, statement.sql, Int32(types.count), types) == 1
        case .execute(let command, let statement):
            return command.withValues { count, values, lengths, formats in
                if let statement {
                    return PQsendQueryPrepared(connection, statement.name, count, values, lengths, formats, 1) == 1
                }
                return PQsendQueryParams(
                    connection, command.sql, count, command.types, values, lengths, formats, 1) == 1
            }
        case .deallocate(let statement):
            return PQsendQueryParams(connection, "DEALLOCATE \(statement.name)", 0, nil, nil, nil, nil, 1) == 1
        case .setStatementTimeout(let milliseconds):
            return PQsendQueryParams(
                connection, "SET statement_timeout = \(milliseconds)", 0, nil, nil, nil, nil, 1) == 1
        }
    }

    /// Where the socket takes no more the reactor goes on when it does. It reads meanwhile, or both sides might wait
    /// for each other.
    private func flush() {
        switch PQflush(handle.connection) {
        case 0:
            if watched.load(ordering: .relaxed) == Watched.both { watched.store(Watched.reads, ordering: .releasing) }
        case 1:
            solo.end()
            if watched.exchange(Watched.both, ordering: .acquiringAndReleasing) != Watched.both { reactor.wake() }
        default: fail()
        }
    }

    // MARK: Receiving

    private enum Watched {
        static let nothing: UInt8 = 0
        static let reads: UInt8 = 1
        static let both: UInt8 = 3
    }

    /// What was read, to be told without the lock.
    private struct Arrived {
        var completions: [PostgresPipeline.Completion] = []
        var notifications: [String] = []
        var drains = false
    }

    func prepare(_ now: ContinuousClock.Instant) -> SocketInterest {
        var bits = watched.load(ordering: .acquiring)
        var wakeAt: ContinuousClock.Instant?
        if bits == Watched.nothing {
            // Its tasks wait themselves, or it is lent. After a rest it is watched again, to learn of its end.
            let uses = soloUses.load(ordering: .relaxed)
            if uses != seenUses { seenAt = now }
            if uses == seenUses, now - seenAt >= PostgresSolo.rest {
                _ = lock.withLockIfAvailable { _ in
                    if isOpen, !isLent, watchAgain() { solo.end() }
                }
                bits = watched.load(ordering: .acquiring)
            }
            seenUses = uses
            if bits == Watched.nothing { wakeAt = max(seenAt + PostgresSolo.rest, now + .milliseconds(1)) }
        }
        return SocketInterest(
            descriptor: socket, reads: bits != Watched.nothing, writes: bits == Watched.both, wakeAt: wakeAt)
    }

    func becameReady(canRead: Bool, canWrite: Bool) {
        var arrived = Arrived()
        lock.withLock { _ in
            guard isOpen, !isLent else { return }
            if canWrite { flush() }
            // Also where nothing new came: libpq reads when it cannot write.
            receive(&arrived)
        }
        deliver(arrived)
    }

    /// Under the lock.
    private func receive(_ arrived: inout Arrived) {
        guard isOpen else { return }
        let wasIdle = pipeline.isIdle
        let isAlive = PQconsumeInput(handle.connection) == 1
        receive(&arrived.completions)
        // What comes while nothing is under way is read by no other call.
        if pipeline.isIdle { _ = PQisBusy(handle.connection) }
        owed.store(pipeline.inFlight, ordering: .relaxed)
        noteProgress(arrived.completions.count)
        if onNotify != nil { collect(&arrived.notifications) }
        guard isAlive, !handle.isBroken, !isEnding else { return fail() }
        let again = pipeline.takeAgain()
        if !again.isEmpty { send(again) }
        if !wasIdle, isOpen, pipeline.isIdle { arrived.drains = goesOn(after: arrived.completions.count) }
    }

    private func noteProgress(_ answered: Int) {
        let now = elapsed
        progress.store(now, ordering: .relaxed)
        guard answered > 0 else { return }
        let each = (now - pacedAt) / Int64(answered)
        pace.store((pace.load(ordering: .relaxed) + each) / 2, ordering: .relaxed)
        pacedAt = now
    }

    private func deliver(_ arrived: Arrived) {
        for completion in arrived.completions { completion.request.finish(completion.outcome) }
        // Behind the tasks that go on now: those that ask again at once are in the next batch.
        if arrived.drains { queue.async { self.drain() } }
        for channel in arrived.notifications { onNotify?(channel) }
    }

    /// Whether the inbox is to be drained: not when a lone request was answered and nobody waits, so that the next one
    /// is sent by its own task again.
    private func goesOn(after answered: Int) -> Bool {
        inbox.withLock { inbox in
            if answered <= 1, inbox.requests.isEmpty { inbox.isAwaited = false }
            return inbox.isAwaited
        }
    }

    private func receive(_ completions: inout [PostgresPipeline.Completion]) {
        var empty = 0
        while !pipeline.isIdle, PQisBusy(handle.connection) == 0 {
            guard let result = PQgetResult(handle.connection) else {
                pipeline.endOfCommand()
                empty += 1
                // Twice nothing: libpq and this code no longer agree on what is under way.
                if empty > 2 { return fail() }
                continue
            }
            empty = 0
            switch PQresultStatus(result) {
            case PGRES_PIPELINE_SYNC:
                PQclear(result)
                completions += pipeline.synced()
            case PGRES_PIPELINE_ABORTED:
                PQclear(result)
                pipeline.received(.aborted)
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                pipeline.received(.rows(PostgresRows(taking: result)))
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                PQclear(result)
                return fail()
            default:
                let failure = PQHandle.failure(result)
                PQclear(result)
                pipeline.received(.failed(failure))
                // There will be no Sync any more.
                if handle.isBroken { return }
            }
        }
    }

    private func collect(_ notifications: inout [String]) {
        while let notification = PQnotifies(handle.connection) {
            notifications.append(String(cString: notification.pointee.relname))
            PQfreemem(notification)
        }
    }

    // MARK: Deadlines

    /// The server's limit for a statement, rounded up to a power of two of milliseconds, so that it seldom changes: the
    /// caller's own deadline is exact, this one frees the server.
    private static func statementTimeout(
        for deadline: ContinuousClock.Instant, _ now: ContinuousClock.Instant
    ) -> Int {
        let remaining = max(1, now.duration(to: deadline).wholeMilliseconds)
        var limit = 1024
        while limit < remaining, limit < 1 << 30 { limit *= 2 }
        return limit
    }

    private func arm(_ deadline: ContinuousClock.Instant) {
        if inbox.withLock({ $0.sweeps(earlierAt: deadline) }) { scheduleSweep(deadline) }
    }

    private func scheduleSweep(_ deadline: ContinuousClock.Instant) {
        queue.asyncAfter(deadline: .now() + .nanoseconds(Self.nanoseconds(until: deadline))) { [weak self] in
            self?.sweep()
        }
    }

    private static func nanoseconds(until deadline: ContinuousClock.Instant) -> Int {
        let milliseconds = ContinuousClock.now.duration(to: deadline).wholeMilliseconds
        return Int(min(max(1, milliseconds), 86_400_000)) * 1_000_000
    }

    /// Ends what is overdue. The answer, should it come, is thrown away.
    private func sweep() {
        lock.withLock { _ in
            inbox.withLock { $0.sweepAt = nil }
            guard isOpen else { return }
            let now = ContinuousClock.now
            let waiting = pipeline.requests + inbox.withLock { $0.requests }
            var next: ContinuousClock.Instant?
            for request in waiting {
                if request.deadline <= now {
                    request.abandon { .timedOut(wasSent: $0) }
                } else if !request.isFinished {
                    next = min(next ?? request.deadline, request.deadline)
                }
            }
            if let oldest = pipeline.requests.first {
                let limit = max(oldest.deadline, serverLimit).advanced(by: Self.patience)
                // Nothing comes any more, not even the server's own time-out.
                if limit <= now { return fail() }
                if oldest.deadline <= now { next = min(next ?? limit, limit) }
            }
            if let next { arm(next) }
        }
    }

    /// When the server ends the statement that it is busy with.
    private var serverLimit: ContinuousClock.Instant {
        let begin = openedAt.advanced(by: .nanoseconds(progress.load(ordering: .relaxed)))
        return begin.advanced(by: .milliseconds(pipeline.statementTimeout))
    }

    // MARK: End

    /// Under the lock: the connection is of no use any more.
    private func fail() {
        guard isOpen else { return }
        let failure =
            pipeline.frontFailure ?? PostgresFailure(sqlState: nil, message: handle.message)
        close(.lost(failure), .notSent(failure))
    }

    private func close(_ sent: PostgresOutcome, _ unsent: PostgresOutcome) {
        isOpen = false
        isRetired = true
        watched.store(Watched.nothing, ordering: .releasing)
        reactor.leave(self)
        for request in pipeline.abandon() { request.abandon { $0 ? sent : unsent } }
        let waiting = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox.requests
        }
        for request in waiting { request.finish(unsent) }
        // Not under the lock, which the pool's own would follow.
        queue.async { self.onClose(self) }
    }

    /// Closes it; what is under way fails.
    func close() {
        lock.withLock { _ in
            if isOpen { close(.lost(nil), .notSent(nil)) }
        }
    }

    var isClosed: Bool { lock.withLock { _ in !isOpen } }

    /// Nothing is under way or waits.
    var isIdle: Bool { pending == 0 && lock.withLock { _ in pipeline.isIdle } }

    /// Open, with nothing under way, and in no transaction.
    var isFree: Bool {
        lock.withLock { _ in
            isOpen && !isLent && pipeline.isIdle && PQtransactionStatus(handle.connection) == PQTRANS_IDLE
        }
    }

    // MARK: Alone

    /// Leaves pipeline mode and gives libpq to `body`, on the connection's own thread, which may block there; for COPY
    /// and scripts. Only on a connection that one task has for itself, with nothing under way.
    func alone<T: Sendable>(
        _ body: @escaping @Sendable (PQHandle) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withUnsafeContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { () throws(StoreError) in try self.perform(body) })
            }
        }
        return try result.get()
    }

    private func perform<T: Sendable>(_ body: @Sendable (PQHandle) throws(StoreError) -> T) throws(StoreError) -> T {
        let refusal = lock.withLock { _ -> StoreError? in
            guard isOpen else { return .notSent(nil, .write) }
            guard pipeline.isIdle, !isLent, PQexitPipelineMode(handle.connection) == 1 else {
                fail()
                return StoreError(.internal, "the connection is not free", applied: .no)
            }
            // Not under the lock, which the reactor would wait for.
            isLent = true
            watched.store(Watched.nothing, ordering: .releasing)
            return nil
        }
        if let refusal { throw refusal }
        defer {
            lock.withLock { _ in
                isLent = false
                guard isOpen else { return }
                if handle.isBroken || PQenterPipelineMode(handle.connection) != 1 { return fail() }
                endSolo()
                drainInbox()
            }
        }
        return try body(handle)
    }
}
