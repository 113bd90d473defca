@_spi(Sockets) import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Many callers are served by a task among them rather than by the reactor's thread. All of it in the reactor's role.
///
/// A task that another thread wakes costs several times what one costs that a task wakes: memory for the job, which is
/// given back on a thread that did not ask for it, and a signal. So once replies for several callers are due, a task
/// reads them, has their callers told (see ``RedisHandover``), and gets in line behind the first of them; when its turn
/// comes they have written their next commands, which it sends in one piece. It ends when there is nothing to send and
/// nothing to read.
extension RedisConnection {
    /// From so many calls under way on.
    private static let crowd = 2
    /// How much is read in a turn. The callers of a piece prepare their next commands while the server works on those
    /// of the others.
    private static let piece = 16 << 10
    /// How long it looks for replies, at most. It is the pool's time, so it is about as long as a contended lock takes.
    private static let moment = Duration.microseconds(40)
    /// How long the pool may leave the task waiting, busy with others, until the reactor's thread takes over again.
    private static let patience = Duration.milliseconds(10)

    /// There is something to read.
    ///
    /// - Returns: Whether a task reads it.
    func pump() -> Bool {
        var starts = false
        let isPumped = state.withLock { state in
            if !state.isPumped, state.pipeline.count >= Self.crowd {
                state.isPumped = true
                state.isWaking = true
                starts = true
            }
            return state.isPumped
        }
        guard starts else { return isPumped }
        pumps &+= 1
        turns &+= 1
        let number = pumps
        Task.detached { [self] in
            while role.withLockIfAvailable({ _ in turn(number) }) ?? true { await Task.yield() }
        }
        return true
    }

    /// - Returns: Whether there is to be another one.
    private func turn(_ number: Int) -> Bool {
        guard number == pumps, state.withLock({ $0.isPumped }) else { return false }
        turns &+= 1
        guard case .ready(let stream) = step else { return endPump() }
        handover.pass(RedisHandover.first)
        isTurning = true
        defer { isTurning = false }
        var hasSent = false
        var isBlocked = false
        var wakes = false
        sendAll(stream, hasSent: &hasSent) { state, blocked in
            isBlocked = blocked
            // The reactor's thread looks after the deadlines.
            if let next = state.pipeline.nextDeadline, state.looksAt.map({ next < $0 }) ?? true {
                state.looksAt = next
                wakes = true
            }
        }
        if wakes { reactor.wake() }
        guard case .ready = step, !isBlocked, !stream.hasOutput else { return endPump() }
        if receive(stream, rounds: 1, most: Self.piece) || hasSent { return true }
        return lookOut(stream) || endPump()
    }

    /// Looks for the next replies a moment longer. A server on the same machine has them before two changes of threads,
    /// to the reactor's and back, are done. Where replies take longer, as over a network, it is hardly ever tried
    /// again.
    ///
    /// - Returns: Whether there is something to do.
    private func lookOut(_ stream: RedisStream) -> Bool {
        guard lookout.isWorthIt(), state.withLock({ $0.pipeline.hasCalls }) else { return false }
        let end = Instant.now + Self.moment
        repeat {
            sched_yield()
            if unsentBytes > 0 { return true }
            if receive(stream, rounds: 1, most: Self.piece) {
                lookout.ended(true)
                return true
            }
        } while Instant.now < end
        lookout.ended(false)
        return false
    }

    /// The reactor's thread sends what has come since, and waits for what is to be read.
    private func endPump() -> Bool {
        handover.pass(.max)
        state.withLock { state in
            state.isPumped = false
            state.isWaking = true
        }
        reactor.wake()
        return false
    }

    /// What the reactor's thread wants while it need not do anything; nil when it is to do its work.
    func preparePumped(_ now: Instant) -> SocketInterest? {
        if turns != turnsSeen { (turnsSeen, lookedAt) = (turns, now) }
        let isLate = now - lookedAt >= Self.patience
        return state.withLock { state in
            guard state.isPumped else { return nil }
            guard !isLate else {
                // The pool is busy with others: the task will find that it is over.
                state.isPumped = false
                return nil
            }
            state.looksAt = state.pipeline.nextDeadline
            let soon = now + Self.patience
            return SocketInterest(wakeAt: state.pipeline.nextDeadline.map { min($0, soon) } ?? soon)
        }
    }
}
