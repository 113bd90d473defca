internal import Dispatch
import StoresCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What a member of the reactor wants from the next `poll`.
struct RedisInterest {
    /// Negative: nothing to be watched.
    var descriptor: Int32 = -1
    var reads = false
    var writes = false
    /// When it wants to be asked again at the latest.
    var wakeAt: ContinuousClock.Instant?
}

/// Somebody who is served by a reactor's thread. Both methods are called there, and nowhere else.
protocol RedisReactorMember: AnyObject, Sendable {
    /// Before each `poll`: does what is due, and says what to watch.
    func prepare(_ now: ContinuousClock.Instant) -> RedisInterest

    /// After it: the descriptor can be read or written, or has failed.
    func becameReady(canRead: Bool, canWrite: Bool)
}

/// One thread that serves all connections of a backend, by `poll`.
///
/// A thread rather than a dispatch source: a single task that waits for its reply gets it with one change of threads
/// less, and a handful of descriptors is no work for `poll`.
final class RedisReactor: Sendable {
    private struct Inbox {
        var jobs: [@Sendable () -> Void] = []
        var joining: [any RedisReactorMember] = []
        var leaving: [ObjectIdentifier] = []
        var isStopped = false
        var stopped: [UnsafeContinuation<Void, Never>] = []
    }

    private let waker: RedisWaker
    private let inbox = Mutex(Inbox())

    /// Starts the thread.
    init() throws(RedisSystemError) {
        waker = try RedisWaker()
        // A serial queue of Dispatch has a thread of its own for as long as it is busy.
        DispatchQueue(label: "stores.redis").async { [self] in run() }
    }

    func wake() {
        waker.wake()
    }

    /// Runs the job on the thread. After ``stop()`` it is dropped.
    func post(_ job: @escaping @Sendable () -> Void) {
        inbox.withLock { $0.jobs.append(job) }
        waker.wake()
    }

    func join(_ member: any RedisReactorMember) {
        inbox.withLock { $0.joining.append(member) }
        waker.wake()
    }

    func leave(_ member: any RedisReactorMember) {
        inbox.withLock { $0.leaving.append(ObjectIdentifier(member)) }
        waker.wake()
    }

    /// Ends the thread and waits for its end.
    func stop() async {
        await withUnsafeContinuation { continuation in
            inbox.withLock { inbox in
                inbox.isStopped = true
                inbox.stopped.append(continuation)
            }
            waker.wake()
        }
    }

    private func run() {
        var members: [any RedisReactorMember] = []
        var polled: [pollfd] = []
        var ready: [(any RedisReactorMember, Int16)] = []
        while true {
            let (jobs, stopped) = inbox.withLock {
                inbox -> ([@Sendable () -> Void], [UnsafeContinuation<Void, Never>]?) in
                members += inbox.joining
                inbox.joining = []
                if !inbox.leaving.isEmpty {
                    members.removeAll { inbox.leaving.contains(ObjectIdentifier($0)) }
                    inbox.leaving = []
                }
                let jobs = inbox.jobs
                inbox.jobs = []
                guard inbox.isStopped else { return (jobs, nil) }
                defer { inbox.stopped = [] }
                return (jobs, inbox.stopped)
            }
            if let stopped {
                for continuation in stopped { continuation.resume() }
                return
            }
            for job in jobs { job() }

            let now = ContinuousClock.now
            var wakeAt: ContinuousClock.Instant?
            polled.removeAll(keepingCapacity: true)
            polled.append(pollfd(fd: waker.readEnd, events: Int16(POLLIN), revents: 0))
            for member in members {
                let interest = member.prepare(now)
                if let instant = interest.wakeAt { wakeAt = min(wakeAt ?? instant, instant) }
                let events = (interest.reads ? Int16(POLLIN) : 0) | (interest.writes ? Int16(POLLOUT) : 0)
                // `poll` passes over a negative descriptor.
                polled.append(pollfd(fd: interest.descriptor, events: events, revents: 0))
            }
            let count = poll(&polled, nfds_t(polled.count), Self.milliseconds(until: wakeAt))
            guard count > 0 else { continue }
            if polled[0].revents != 0 { waker.drain() }
            ready.removeAll(keepingCapacity: true)
            for (index, member) in members.enumerated() where polled[index + 1].revents != 0 {
                ready.append((member, polled[index + 1].revents))
            }
            for (member, events) in ready {
                // An error or a hang-up shows itself to whoever reads.
                let canRead = events & Int16(POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0
                let canWrite = events & Int16(POLLOUT | POLLERR | POLLHUP) != 0
                member.becameReady(canRead: canRead, canWrite: canWrite)
            }
        }
    }

    /// -1 for no limit. Rounded up, or the loop would spin through the last millisecond.
    private static func milliseconds(until instant: ContinuousClock.Instant?) -> Int32 {
        guard let instant else { return -1 }
        let remaining = ContinuousClock.now.duration(to: instant)
        return remaining <= .zero ? 0 : Int32(clamping: remaining.wholeMilliseconds)
    }
}
