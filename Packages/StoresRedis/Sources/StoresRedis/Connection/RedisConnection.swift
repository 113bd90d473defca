@_spi(Sockets) import StoresCore
import Synchronization

/// What a call came to.
enum RedisOutcome: Sendable {
    case one(RedisValue)
    case several([RedisValue])
    case failure(StoreError)
    /// The connection is ready by now, or has room again: come back.
    case again
}

/// One connection that any number of tasks share. It opens when it is first needed, and again after it was lost.
///
/// A call writes its commands into a buffer, under a lock, and waits; the reactor's thread sends what has gathered in
/// one piece, and hands out the replies in order. The very first command after a pause is sent by the caller itself,
/// which saves a lone task the change to the reactor's thread and back. One that has been alone for a while also looks
/// for its reply itself, see ``RedisSolo``.
///
/// `@unchecked Sendable`: what is not in `state` is touched in the reactor's role alone.
final class RedisConnection: SocketReactorMember, @unchecked Sendable {
    typealias Instant = MonotonicInstant
    typealias Continuation = UnsafeContinuation<RedisOutcome, Never>

    enum Phase {
        /// Not connected, and nobody wants it to be.
        case idle
        case opening
        case ready
        case closed
    }

    struct State {
        var phase = Phase.idle
        var pipeline = RedisPipeline<Continuation>()
        /// While ready, unless it speaks TLS, which only one may do at a time.
        var socket: RedisSocket?
        /// The reactor's thread has bytes in hand that go out before those of the pipeline.
        var isSending = false
        /// The reactor's thread will look at the pipeline without being woken.
        var isWaking = false
        /// A task among the callers does the work of the reactor's thread, see `pump`.
        var isPumped = false
        /// When the reactor's thread will look at the deadlines by itself.
        var looksAt: Instant?
        var solo = RedisSolo()
    }

    /// Where the reactor's thread is with the connection.
    enum Step {
        case disconnected
        case resolving
        case connecting(RedisSocket, rest: [RedisSocketAddress])
        /// TLS is being agreed on.
        case securing(RedisStream)
        case greeting(RedisStream, RedisHandshake)
        case ready(RedisStream)
    }

    let configuration: RedisConfiguration
    let reactor: SocketReactor
    let source: any RedisAddressSource
    private let tickets = Atomic<UInt64>(0)
    /// What `state.pipeline` has, for who chooses a connection.
    let unsent = Atomic<Int>(0)
    let state = Guarded(State())
    let role = Guarded(())

    var step = Step.disconnected
    var reader: RedisReplyReader?
    var backoff = RedisBackoff()
    var notBefore: Instant?
    /// When the attempt to connect is given up.
    var giveUpAt: Instant?
    /// When the next address of the same name is tried instead.
    var nextAddressAt: Instant?
    /// Counts attempts, so that an answer which comes late is known as such.
    var attempt = 0
    var sending: [UInt8] = []
    var sent = 0
    var spare: [UInt8] = []
    /// When bytes came last, or calls began to wait for some.
    var heardAt: Instant?
    var values: [RedisValue] = []
    /// How many tasks have done the work of the reactor's thread: the last may, if any.
    var pumps = 0
    /// Turns of the task that does the work of the reactor's thread, and how many there were when that looked last.
    var turns = 0
    var turnsSeen = 0
    var lookedAt = Instant.now
    var lookout = RedisLookout()
    var answers: [(Continuation, RedisOutcome)] = []
    let handover = RedisHandover()
    /// The task that does the work of the reactor's thread is at it.
    var isTurning = false
    /// A caller does the work of the reactor's thread, which is waiting.
    var isBorrowed = false
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    /// How many unsent bytes there may be before callers wait for the server to take some.
    static let highWater = 4 << 20
    /// While there are calls, the reactor's thread looks after them at least this often.
    private static let round = Duration.seconds(1)

    init(_ configuration: RedisConfiguration, source: any RedisAddressSource, reactor: SocketReactor) {
        self.configuration = configuration
        self.source = source
        self.reactor = reactor
        reactor.join(self)
    }

    deinit {
        buffer.deallocate()
    }

    // MARK: Callers

    /// Sends `count` commands in one piece and waits for their replies.
    ///
    /// - Parameter encode: Writes the commands; called again when the connection was not ready at first.
    ///
    /// In line, as is the node's: each asynchronous function by itself costs as much as the encoding.
    @inline(__always)
    func call(count: Int, deadline: Instant, _ encode: @Sendable (inout RedisWriter) -> Void)
        async throws(StoreError)
        -> RedisOutcome
    {
        let ticket = tickets.add(1, ordering: .relaxed).newValue
        while true {
            let outcome = await withTaskCancellationHandler {
                await withUnsafeContinuation { continuation in
                    enter(ticket, continuation, deadline, count, encode)
                }
            } onCancel: {
                leave(ticket)
            }
            if !handover.isEmpty { handover.pass() }
            switch outcome {
            case .again: continue
            case .failure(let error): throw error
            case .one, .several: return outcome
            }
        }
    }

    /// Whether the server is behind with what it was sent.
    func isCrowded(over limit: Int) -> Bool { unsentBytes > limit }

    var unsentBytes: Int { unsent.load(ordering: .relaxed) }

    private func enter(
        _ ticket: UInt64, _ continuation: Continuation, _ deadline: Instant, _ count: Int,
        _ encode: @Sendable (inout RedisWriter) -> Void
    ) {
        var refusal: StoreError?
        var alone: SocketSolo?
        let wakes = state.withLock { state -> Bool in
            // Looked at under the lock: who is cancelled after this finds the call and takes it out again.
            if Task.isCancelled {
                refusal = .cancelled(applied: .no)
                return false
            }
            var wakes = false
            switch state.phase {
            case .closed:
                refusal = .redisClosed
                return false
            case .ready where state.pipeline.unsentBytes < Self.highWater:
                let isFirst = state.pipeline.isIdle && !state.isSending
                state.pipeline.add(ticket, continuation, deadline: deadline, count: count, encode)
                let isSent = state.solo.sendsItself(isFirst: isFirst) && sendDirectly(&state)
                let (waits, mustWake) = state.solo.enter(isAlone: isSent)
                if waits { alone = state.solo.waiting }
                wakes = mustWake || !isSent
            case .idle:
                state.phase = .opening
                state.pipeline.park(ticket, continuation, deadline: deadline)
                wakes = true
            case .ready, .opening:
                state.pipeline.park(ticket, continuation, deadline: deadline)
            }
            unsent.store(state.pipeline.unsentBytes, ordering: .relaxed)
            if state.looksAt.map({ deadline < $0 }) ?? true { wakes = true }
            guard wakes, !state.isWaking else { return false }
            state.isWaking = true
            return true
        }
        if wakes { reactor.wake() }
        if let refusal { continuation.resume(returning: .failure(refusal)) }
        if let alone { readAlone(alone) }
    }

    /// Waits a moment for the reply of the only call there is, in the place of the reactor's thread.
    private func readAlone(_ solo: SocketSolo) {
        var wait: SocketSolo.Wait?
        role.withLockIfAvailable { _ in
            guard case .ready(let stream) = step else { return }
            let found = solo.wait(for: stream.descriptor)
            wait = found
            guard found != .inVain else { return }
            isBorrowed = true
            ready(canRead: true, canWrite: false)
            isBorrowed = false
        }
        let wakes = state.withLock { state in
            guard state.solo.waited(wait, isDone: !state.pipeline.hasCalls), !state.isWaking
            else { return false }
            state.isWaking = true
            return true
        }
        if wakes { reactor.wake() }
    }

    /// - Returns: Whether everything has gone out.
    private func sendDirectly(_ state: inout State) -> Bool {
        guard let socket = state.socket else { return false }
        // What failed shows itself to the reactor's thread.
        guard case .bytes(let count) = state.pipeline.withUnsent({ socket.write($0) }) else { return false }
        state.pipeline.sent(count)
        return !state.pipeline.hasUnsent
    }

    private func leave(_ ticket: UInt64) {
        let left = state.withLock { $0.pipeline.leave(ticket) }
        if let left { left.waiter.resume(returning: .failure(.cancelled(applied: left.applied.storeApplied))) }
    }

    // MARK: The reactor's thread

    func prepare(_ now: Instant) -> SocketInterest { role.withLock { _ in interest(now) } }

    func becameReady(canRead: Bool, canWrite: Bool) {
        role.withLock { _ in ready(canRead: canRead, canWrite: canWrite) }
    }

    private func interest(_ now: Instant) -> SocketInterest {
        expire(now)
        switch step {
        case .disconnected: return prepareDisconnected(now)
        case .resolving: return prepareAttempt(now, SocketInterest())
        case .connecting(let socket, _):
            return prepareAttempt(now, SocketInterest(descriptor: socket.descriptor, writes: true))
        case .securing(let stream):
            return prepareAttempt(
                now, SocketInterest(descriptor: stream.descriptor, reads: true, writes: stream.hasOutput))
        case .greeting(let stream, _):
            let writes = sent < sending.count || stream.hasOutput
            return prepareAttempt(now, SocketInterest(descriptor: stream.descriptor, reads: true, writes: writes))
        case .ready(let stream): return prepareReady(now, stream)
        }
    }

    private func ready(canRead: Bool, canWrite: Bool) {
        switch step {
        case .disconnected, .resolving: break
        case .connecting(let socket, let rest):
            let number = socket.connectError
            if number == 0 { secure(socket) } else { connect(rest, after: RedisSystemError(number: number)) }
        case .securing(let stream): secure(stream)
        case .greeting(let stream, _):
            if canWrite { flush(stream) }
            if canWrite, sent < sending.count { sendInHand(stream) }
            if canRead { receive(stream) }
        case .ready(let stream):
            if canWrite { flush(stream) }
            if canRead, !pump() { receive(stream) }
        }
    }

    private func prepareDisconnected(_ now: Instant) -> SocketInterest {
        let (isWanted, deadline) = state.withLock { state -> (Bool, Instant?) in
            state.isWaking = false
            state.looksAt = state.pipeline.nextDeadline
            return (state.phase == .opening, state.pipeline.nextDeadline)
        }
        guard isWanted else { return SocketInterest(wakeAt: deadline) }
        if let notBefore, now < notBefore { return SocketInterest(wakeAt: min(notBefore, deadline ?? notBefore)) }
        attempt += 1
        let number = attempt
        giveUpAt = now + configuration.connectTimeout
        step = .resolving
        source.find { [self] result in
            reactor.post { [self] in role.withLock { _ in resolved(result, number) } }
        }
        return prepareAttempt(now, SocketInterest())
    }

    private func prepareAttempt(_ now: Instant, _ interest: SocketInterest) -> SocketInterest {
        if let giveUpAt, now >= giveUpAt {
            fail(.redisConnectTimeout(configuration, phase: isResolving ? .dns : .tcp))
            return prepareDisconnected(now)
        }
        if case .connecting(_, let rest) = step, !rest.isEmpty, let nextAddressAt, now >= nextAddressAt {
            connect(rest, after: nil)
            return self.interest(now)
        }
        var interest = interest
        interest.wakeAt = giveUpAt.map { min($0, nextAddressAt ?? $0) }
        state.withLock { state in
            state.isWaking = false
            state.looksAt = state.pipeline.nextDeadline
            if let next = state.pipeline.nextDeadline { interest.wakeAt = min(interest.wakeAt ?? next, next) }
        }
        return interest
    }

    var isResolving: Bool {
        if case .resolving = step { true } else { false }
    }

    private func prepareReady(_ now: Instant, _ stream: RedisStream) -> SocketInterest {
        if let interest = preparePumped(now) { return interest }
        handover.pass(.max)
        var interest = SocketInterest(descriptor: stream.descriptor, reads: true)
        var hasCalls = false
        var looksAgainAt: Instant?
        var hasSent = false
        sendAll(stream, hasSent: &hasSent) { state, isBlocked in
            hasCalls = state.pipeline.hasCalls
            state.isWaking = false
            state.looksAt = state.pipeline.nextDeadline
            interest.wakeAt = state.pipeline.nextDeadline
            if !isBlocked { looksAgainAt = state.solo.prepare(now, hasCalls: hasCalls) }
        }
        guard case .ready = step else { return prepareDisconnected(now) }
        interest.writes = sent < sending.count || stream.hasOutput
        if let looksAgainAt {
            interest.reads = false
            interest.wakeAt = min(interest.wakeAt ?? looksAgainAt, looksAgainAt)
        }
        if !hasCalls {
            heardAt = nil
        } else if let heardAt, now - heardAt >= configuration.stallTimeout {
            fail(.redisLost("the server has not answered for \(configuration.stallTimeout)", nil))
            return prepareDisconnected(now)
        } else if heardAt == nil {
            heardAt = now
        }
        if let wakeAt = interest.wakeAt { interest.wakeAt = min(wakeAt, now + Self.round) }
        return interest
    }

    private func expire(_ now: Instant) {
        let left = state.withLock { $0.pipeline.expire(now) }
        for left in left {
            left.waiter.resume(
                returning: .failure(.timeout("the call to the server", applied: left.applied.storeApplied)))
        }
    }
}

extension RedisPipeline.Applied {
    var storeApplied: StoreError.Applied { self == .no ? .no : .unknown }
}
