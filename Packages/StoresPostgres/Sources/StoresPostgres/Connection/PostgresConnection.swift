import CLibPQ
import Dispatch
@_spi(Sockets) import StoresCore
import Synchronization

/// One connection in pipeline mode, on which the requests of many tasks are under way at once.
///
/// Whoever holds `lock` may touch libpq: the reactor's thread, which reads what has arrived; a job behind the tasks
/// that were answered, or on the queue, which sends what has gathered; or, while nothing is under way, the submitting
/// task itself, which saves a lone request the changes of threads, see `SocketSolo`. Requests that come while others
/// are under way gather in the inbox, and go out together when those are answered: few large batches instead of many
/// small ones. The server would not have begun with them earlier.
///
/// `@unchecked Sendable`: all `var` are used under `lock`, those of the inbox under its own; `seenUses` and `seenAt`
/// are the reactor's.
final class PostgresConnection: SocketReactorMember, @unchecked Sendable {
    struct Inbox {
        var requests: [PostgresRequest] = []
        /// Somebody is going to empty it: a drain that is scheduled, or the end of what is under way.
        var isAwaited = false
        /// When deadlines are looked at next.
        var sweepAt: MonotonicInstant?

        /// - Returns: Whether that is before the next look.
        mutating func sweeps(earlierAt deadline: MonotonicInstant) -> Bool {
            if let sweepAt, sweepAt <= deadline { return false }
            sweepAt = deadline
            return true
        }
    }

    let id: UInt64
    let openedAt = MonotonicInstant.now
    let serverVersion: Int
    let queue: DispatchQueue
    let handle: PQHandle
    /// Told once, when the connection is of no more use.
    private let onClose: @Sendable (PostgresConnection) -> Void
    let onNotify: (@Sendable (String) -> Void)?

    let reactor: SocketReactor
    let lock = Guarded(())
    var pipeline = PostgresPipeline()
    var isOpen = true
    /// The server has said that it ends the session; its word may come before the end of the stream.
    var isEnding = false
    /// libpq is somebody's who does not hold the lock.
    var isLent = false
    var solo = SocketSolo(patience: .microseconds(200), spin: .microseconds(50))
    /// What the reactor is to wait for.
    let watched = Atomic<UInt8>(Watched.nothing)
    /// Requests whose own task waits for the answer. While they go on, nobody else has to watch.
    let soloUses = Atomic<Int>(0)
    var seenUses = 0
    var seenAt = MonotonicInstant.now
    /// libpq may drop its own at the end, while the reactor looks.
    let socket: Int32
    let inbox = Guarded(Inbox())
    let load = Atomic<Int>(0)
    /// What the server has yet to answer, also where nobody waits for it any more.
    let owed = Atomic<Int>(0)
    /// When the server last answered, or was first asked: nanoseconds since `openedAt`.
    let progress = Atomic<Int64>(0)
    /// The time that the server has lately taken for a request, in nanoseconds.
    let pace = Atomic<Int64>(0)
    /// As `progress`, but of whole answers.
    var pacedAt: Int64 = 0
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

    /// Requests that wait or are under way.
    var pending: Int { max(load.load(ordering: .relaxed), owed.load(ordering: .relaxed)) }

    /// What the next request would have before it. One that the server has been busy with for long weighs more than any
    /// crowd, for what comes would wait behind it.
    func burden(_ now: MonotonicInstant) -> Int {
        guard owed.load(ordering: .relaxed) > 0,
            elapsed(now) - progress.load(ordering: .relaxed) > Self.stuckAfter
        else { return pending }
        return pending + PostgresPool.State.stuck
    }

    private static let stuckAfter: Int64 = 50_000_000

    /// Whether each request takes the server so long that gathering them would only leave it idle between the batches.
    var isSlow: Bool { pace.load(ordering: .relaxed) > Self.slow }

    private static let slow: Int64 = 150_000

    /// Nanoseconds since `openedAt`.
    func elapsed(_ now: MonotonicInstant) -> Int64 { openedAt.nanoseconds(to: now) }

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

    // MARK: End

    /// Under the lock: the connection is of no use any more.
    func fail() {
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
}
