import Dispatch
import Logging
import StoresCore
import Synchronization

/// Wakes those who wait for events: at once when this process appends, by a change stream when another does, and by
/// looking now and then, since a change stream may be late, lost or refused, and is only a hint.
///
/// However many wait, there is one change stream, as long as somebody waits and a little longer.
final class MongoEventSignal: Sendable {
    private enum Wake {
        /// The number that was waited for, or a later one, was announced; or nobody is to wait any longer.
        case announced
        /// A change stream was opened or lost.
        case turned
        case overdue
    }

    private struct Waiter {
        var after: Int64
        var until: MonotonicInstant
        var continuation: CheckedContinuation<Wake?, Never>
    }

    private struct State {
        var isClosed = false
        var waiting: [UInt64: Waiter] = [:]
        var lastID: UInt64 = 0
        /// The latest number that somebody wrote, and when that was heard.
        var announced = (number: Int64.min, at: MonotonicInstant.now)
        var following = MongoFollowing()
        var lastWaitedAt = MonotonicInstant.now
        /// Who closes waits for the change stream's end.
        var closing: [CheckedContinuation<Void, Never>] = []

        /// Those who wait for less than the number.
        mutating func announce(_ number: Int64) -> [Waiter] {
            guard number > announced.number else { return [] }
            announced = (number, .now)
            return take { $0.after < number }
        }

        mutating func take(where isMeant: (Waiter) -> Bool) -> [Waiter] {
            let taken = waiting.filter { isMeant($0.value) }
            for id in taken.keys { waiting[id] = nil }
            return Array(taken.values)
        }
    }

    private let clients: MongoClients
    private let logger: Logger
    /// How long nobody looks while a change stream tells.
    private let rest: Duration
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "stores-mongodb-changes")
    private let sweep = DeadlineSweep(label: "stores-mongodb-waiting")
    private let closer = DispatchQueue(label: "stores-mongodb-closing")

    private static let shortest = Duration.milliseconds(10)
    private static let longest = Duration.milliseconds(200)
    /// How long a change stream stays open when nobody waits.
    private static let idle = Duration.seconds(5)
    /// How long a shutdown waits for it.
    private static let patience = Duration.seconds(1)

    init(clients: MongoClients, logger: Logger, rest: Duration) {
        self.clients = clients
        self.logger = logger
        self.rest = rest
    }

    /// Returns when `look` finds something after the number, when somebody has written it, or at the deadline.
    func wait(after number: Int64, until deadline: Deadline, look: () async throws(StoreError) -> Bool)
        async throws(StoreError)
    {
        var pause = Self.shortest
        while !deadline.hasPassed {
            followIfNeeded()
            // What is announced before the look is there for it to find; what is announced later wakes.
            let (turns, announced) = state.withLock { ($0.following.turns, $0.announced.number) }
            if try await look() { return }
            let pauses = (pause, until: deadline.instant)
            switch try await sleep(after: number, unless: turns, announced, pauses) {
            case .announced: return
            case .turned: pause = Self.shortest
            case .overdue: pause = min(pause * 2, Self.longest)
            }
        }
    }

    /// Somebody has written this number.
    func announce(_ number: Int64) { resume(state.withLock { $0.announce(number) }, .announced) }

    /// Wakes everybody, and ends the change stream, for which it waits a little: a server that is silent holds its
    /// thread for longer.
    func close() async {
        let woken = state.withLock { state in
            state.isClosed = true
            return state.take { _ in true }
        }
        resume(woken, .announced)
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                guard state.following.isRunning else { return false }
                state.closing.append(continuation)
                return true
            }
            guard waits else { return continuation.resume() }
            closer.asyncAfter(deadline: .now() + .milliseconds(Int(Self.patience.wholeMilliseconds))) {
                self.closed()
            }
        }
    }

    private func closed() {
        let closing = state.withLock { state in
            defer { state.closing = [] }
            return state.closing
        }
        for continuation in closing { continuation.resume() }
    }

    /// Whether a change stream tells.
    var isHearing: Bool { state.withLock { $0.following.hears(at: .now) } }

    /// How many wait while a change stream tells.
    var restingCount: Int { state.withLock { $0.following.hears(at: .now) ? $0.waiting.count : 0 } }

    /// How subscriptions hear of events, for `stores doctor`.
    var finding: String {
        if !clients.hasMembers {
            return "they look every 10 to 200 ms: there are no change streams without a replica set"
        }
        guard let code = state.withLock({ $0.following.refusal }) else { return "a change stream tells them, where it is open" }
        return "they look every 10 to 200 ms: the server refuses change streams (code \(code))"
    }

    // MARK: Following

    private func followIfNeeded() {
        guard clients.hasMembers else { return }
        let begins = state.withLock { state in
            state.lastWaitedAt = .now
            return !state.isClosed && state.following.begins(at: .now)
        }
        if begins { thread.async { self.follow() } }
    }

    /// On the thread of its own, until nobody waits.
    private func follow() {
        var reason: StoreError?
        do throws(StoreError) {
            try clients.perform(.after(MongoFollowing.wait)) { (connection) throws(StoreError) in
                try connection.follow(.events, wait: MongoFollowing.wait, hear)
            }
        } catch {
            reason = error
        }
        let (woken, refusal) = state.withLock { state in
            state.following.end(reason, at: .now)
            // Where the log was made anew, its numbers are lower.
            state.announced.number = .min
            return (state.take { _ in true }, state.following.refusal)
        }
        if let reason {
            if let refusal {
                logger.notice(
                    "MongoDB refuses change streams: subscriptions look every 10 to 200 ms",
                    metadata: ["code": "\(refusal)"])
            } else {
                logger.debug("the change stream of subscriptions was lost: \(reason)")
            }
        }
        resume(woken, .turned)
        closed()
    }

    /// - Returns: Whether anybody needs to hear more.
    private func hear(_ number: Int64?) -> Bool {
        let now = MonotonicInstant.now
        let (isNew, woken, goesOn) = state.withLock { state in
            let turns = state.following.turns
            state.following.hear(at: now)
            let isNew = state.following.turns != turns
            let woken = isNew ? state.take { _ in true } : number.map { state.announce($0) } ?? []
            if !state.waiting.isEmpty { state.lastWaitedAt = now }
            return (isNew, woken, !state.isClosed && state.lastWaitedAt.duration(to: now) < Self.idle)
        }
        resume(woken, isNew ? .turned : .announced)
        return goesOn
    }

    // MARK: Waiting

    private func sleep(
        after number: Int64, unless turns: UInt64, _ announced: Int64,
        _ pauses: (pause: Duration, until: MonotonicInstant)
    ) async throws(StoreError) -> Wake {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let wake: Wake? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = MonotonicInstant.now
                let (early, until) = state.withLock { state -> (Wake?, MonotonicInstant?) in
                    if state.isClosed || state.announced.number > max(number, announced) { return (.announced, nil) }
                    if state.following.turns != turns { return (.turned, nil) }
                    // What was announced and can't be read yet soon can.
                    let isPromised =
                        state.announced.number > number && state.announced.at.duration(to: now) < self.rest
                    let pause = state.following.hears(at: now) && !isPromised ? self.rest : pauses.pause
                    let until = min(pauses.until, now.advanced(by: pause))
                    state.waiting[id] = Waiter(after: number, until: until, continuation: continuation)
                    return (nil, until)
                }
                if let early { return continuation.resume(returning: early) }
                if let until { arm(until) }
                // A cancellation before the line above found nobody.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        guard let wake else { throw .cancelled() }
        return wake
    }

    private func cancel(_ id: UInt64) {
        state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume(returning: nil)
    }

    private func resume(_ woken: [Waiter], _ wake: Wake) {
        for waiter in woken { waiter.continuation.resume(returning: wake) }
    }

    private func arm(_ instant: MonotonicInstant) {
        sweep.arm(instant) { [weak self] in self?.endOverdue() }
    }

    private func endOverdue() -> MonotonicInstant? {
        let now = MonotonicInstant.now
        let (overdue, next) = state.withLock { state in
            (state.take { $0.until <= now }, state.waiting.values.map(\.until).min())
        }
        resume(overdue, .overdue)
        return next
    }
}
