import StoresCore
import Synchronization

/// Wakes those who wait for events: at once when this process appends, by NOTIFY when another does, and by looking now
/// and then, since notifications may be lost and are only hints.
final class PostgresEventSignal: Sendable {
    private final class Waiter: PostgresPromise<PostgresEnd<Void>>, @unchecked Sendable {
        let until: MonotonicInstant

        init(until: MonotonicInstant) {
            self.until = until
        }
    }

    private enum Listening {
        case off
        case opening
        case on(PostgresConnection)
    }

    private struct State {
        var isClosed = false
        var waiting: [Waiter] = []
        var listening = Listening.off
        var listenAgainAt = MonotonicInstant.now
        /// There is something to announce to other processes.
        var isDirty = false
        var isAnnouncing = false
        /// Rises with each wake: a waiter that looked before it must not sleep after it.
        var wakes: UInt64 = 0
    }

    private let pool: PostgresPool
    private let work: PostgresWork
    private let channel: String
    private let state = Mutex(State())
    private let sweep = DeadlineSweep(label: "stores.postgres.events")

    /// Between two announcements: they are commits of their own, which all of a server's sessions order.
    private static let pause = Duration.milliseconds(5)
    private static let shortest = Duration.milliseconds(5)
    private static let longest = Duration.seconds(1)
    private static let longestRest = Duration.milliseconds(200)

    init(pool: PostgresPool, work: PostgresWork) {
        self.pool = pool
        self.work = work
        // A channel's name has at most 63 bytes; a name that two schemas share costs a look too many.
        channel = "stores_events_" + String(decoding: Array(pool.schema.utf8.prefix(40)), as: UTF8.self)
    }

    /// Returns when `look` finds events, or at `until`.
    func wait(until: Deadline, look: () async throws(StoreError) -> Bool) async throws(StoreError) {
        var pause = Self.shortest
        var rest = Duration.zero
        listen()
        while true {
            let wakes = state.withLock { $0.wakes }
            if try await look() { return }
            let now = MonotonicInstant.now
            guard now < until.instant else { return }
            let wasWoken = try await sleep(until: min(until.instant, now.advanced(by: pause)), unless: wakes)
            guard let wasWoken else { return }
            guard wasWoken else {
                pause = min(pause * 2, Self.longest)
                continue
            }
            // Somebody appended: what can't be read yet, because a transaction before it is still open, soon can. While
            // one stays open, each commit wakes in vain: ever less is looked.
            if rest > .zero {
                do {
                    try await Task.sleep(for: min(rest, until.remaining))
                } catch {
                    throw .cancelled()
                }
            }
            rest = min(max(rest * 2, Self.shortest), Self.longestRest)
            pause = Self.shortest
        }
    }

    /// This process has committed events.
    func announce() {
        let starts = state.withLock { state in
            state.isDirty = true
            guard !state.isAnnouncing, !state.isClosed else { return false }
            state.isAnnouncing = true
            return true
        }
        wake()
        if starts { work.start { await self.announceToOthers() } }
    }

    func close() {
        let connection = state.withLock { state -> PostgresConnection? in
            state.isClosed = true
            defer { state.listening = .off }
            if case .on(let connection) = state.listening { return connection }
            return nil
        }
        connection?.close()
        wake()
    }

    /// Runs as long as there is something to announce, and then ends; many commits share one announcement.
    private func announceToOthers() async {
        while true {
            let goesOn = state.withLock { state in
                guard state.isDirty, !state.isClosed else {
                    state.isAnnouncing = false
                    return false
                }
                state.isDirty = false
                return true
            }
            guard goesOn else { return }
            // A hint need not survive a crash.
            _ = try? await pool.group(
                [
                    PostgresCommand("SELECT set_config('synchronous_commit', 'off', true)"),
                    PostgresCommand("SELECT pg_notify($1, '')", [.text(channel)]),
                ], .write, deadline: .after(.seconds(5)))
            try? await Task.sleep(for: Self.pause)
        }
    }

    // MARK: Listening

    private func listen() {
        let starts = state.withLock { state in
            guard case .off = state.listening, !state.isClosed, state.listenAgainAt <= .now else { return false }
            state.listening = .opening
            return true
        }
        guard starts else { return }
        pool.listen(channel) { [weak self] _ in
            self?.wake()
        } completion: { [weak self] connection in
            guard let self else { return connection?.close() ?? () }
            let isWanted = state.withLock { state in
                if let connection, !state.isClosed {
                    state.listening = .on(connection)
                    return true
                }
                state.listening = .off
                state.listenAgainAt = .now.advanced(by: .seconds(1))
                return false
            }
            if !isWanted { connection?.close() }
            wake()
        }
    }

    // MARK: Waiting

    /// - Returns: Whether it was woken; nil when the signal is closed.
    private func sleep(until: MonotonicInstant, unless wakes: UInt64) async throws(StoreError) -> Bool? {
        let waiter = Waiter(until: until)
        let outcome = await waiter.wait {
            let waits = state.withLock { state in
                guard state.wakes == wakes, !state.isClosed else { return false }
                state.waiting.append(waiter)
                return true
            }
            guard waits else {
                waiter.finish(.success(()))
                return
            }
            sweep.arm(until) { [weak self] in self?.endOverdue() }
        }
        try outcome.get()
        return state.withLock { $0.isClosed ? nil : $0.wakes != wakes }
    }

    private func wake() {
        let woken = state.withLock { state in
            state.wakes += 1
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in woken { waiter.finish(.success(())) }
    }

    private func endOverdue() -> MonotonicInstant? {
        let now = MonotonicInstant.now
        let (overdue, next) = state.withLock { state in
            let overdue = state.waiting.filter { $0.until <= now }
            state.waiting.removeAll { $0.until <= now || $0.isFinished }
            return (overdue, state.waiting.map(\.until).min())
        }
        for waiter in overdue { waiter.finish(.success(())) }
        return next
    }
}
