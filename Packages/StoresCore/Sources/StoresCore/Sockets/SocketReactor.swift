import Dispatch
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What a member of the reactor wants from the next `poll`.
@_spi(Sockets)
public struct SocketInterest {
    /// Negative: nothing to be watched.
    public var descriptor: Int32
    public var reads: Bool
    public var writes: Bool
    /// When it wants to be asked again at the latest.
    public var wakeAt: MonotonicInstant?

    public init(
        descriptor: Int32 = -1, reads: Bool = false, writes: Bool = false, wakeAt: MonotonicInstant? = nil
    ) {
        self.descriptor = descriptor
        self.reads = reads
        self.writes = writes
        self.wakeAt = wakeAt
    }
}

/// Somebody who is served by a reactor. Both methods are called on its thread.
@_spi(Sockets)
public protocol SocketReactorMember: AnyObject, Sendable {
    /// Before each `poll`: does what is due, and says what to watch.
    func prepare(_ now: MonotonicInstant) -> SocketInterest

    /// After it: the descriptor can be read or written, or has failed.
    func becameReady(canRead: Bool, canWrite: Bool)
}

/// One thread that serves all connections of a backend, by `poll`.
///
/// A thread rather than a dispatch source: a single task that waits for its reply gets it with one change of threads
/// less, and a handful of descriptors is no work for `poll`.
///
/// Members are asked and told on its thread. One whose callers may do that work themselves, which saves them changes of
/// threads, has a lock of its own for it.
@_spi(Sockets)
public final class SocketReactor: Sendable {
    private struct Inbox {
        var jobs: [@Sendable () -> Void] = []
        var joining: [any SocketReactorMember] = []
        var leaving: [ObjectIdentifier] = []
        var isStopped = false
        var hasEnded = false
        var stopped: [UnsafeContinuation<Void, Never>] = []
    }

    private let waker: SocketWaker
    private let inbox = Mutex(Inbox())

    /// Starts the thread.
    ///
    /// - Throws: `unavailable` when the process may open no more files.
    public init(label: String) throws(StoreError) {
        waker = try SocketWaker()
        // A serial queue of Dispatch has a thread of its own for as long as it is busy.
        DispatchQueue(label: label).async { [self] in run() }
    }

    /// Has the thread ask its members again.
    public func wake() {
        waker.wake()
    }

    /// Runs the job on the thread, and once that has ended on the caller's.
    public func post(_ job: @escaping @Sendable () -> Void) {
        let isStopped = inbox.withLock { inbox in
            if !inbox.isStopped { inbox.jobs.append(job) }
            return inbox.isStopped
        }
        if isStopped { job() } else { waker.wake() }
    }

    /// Serves a member, until it leaves; not at all once the thread is told to end.
    public func join(_ member: any SocketReactorMember) {
        inbox.withLock { inbox in
            if !inbox.isStopped { inbox.joining.append(member) }
        }
        waker.wake()
    }

    /// The member is asked once more at most.
    public func leave(_ member: any SocketReactorMember) {
        inbox.withLock { $0.leaving.append(ObjectIdentifier(member)) }
        waker.wake()
    }

    /// Ends the thread, after what was posted to it, and waits for its end.
    public func stop() async {
        await withUnsafeContinuation { continuation in
            let hasEnded = inbox.withLock { inbox in
                inbox.isStopped = true
                if !inbox.hasEnded { inbox.stopped.append(continuation) }
                return inbox.hasEnded
            }
            if hasEnded { continuation.resume() } else { waker.wake() }
        }
    }

    private func run() {
        var members: [any SocketReactorMember] = []
        var polled: [pollfd] = []
        while true {
            guard case .wait(let wakeAt) = prepare(&members, &polled) else { return }
            guard poll(&polled, nfds_t(polled.count), Self.milliseconds(until: wakeAt)) > 0 else { continue }
            if polled[0].revents != 0 { waker.drain() }
            for (member, polled) in zip(members, polled.dropFirst()) where polled.revents != 0 {
                // An error or a hang-up shows itself to whoever reads.
                let canRead = polled.revents & Int16(POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0
                let canWrite = polled.revents & Int16(POLLOUT | POLLERR | POLLHUP) != 0
                member.becameReady(canRead: canRead, canWrite: canWrite)
            }
        }
    }

    private enum Next: Sendable {
        case wait(until: MonotonicInstant?)
        case end
    }

    private func prepare(_ members: inout [any SocketReactorMember], _ polled: inout [pollfd]) -> Next {
        let (jobs, stopped) = inbox.withLock { inbox -> ([@Sendable () -> Void], [UnsafeContinuation<Void, Never>]?) in
            members += inbox.joining
            inbox.joining = []
            if !inbox.leaving.isEmpty {
                members.removeAll { inbox.leaving.contains(ObjectIdentifier($0)) }
                inbox.leaving = []
            }
            defer { inbox.jobs = [] }
            guard inbox.isStopped else { return (inbox.jobs, nil) }
            inbox.hasEnded = true
            defer { inbox.stopped = [] }
            return (inbox.jobs, inbox.stopped)
        }
        for job in jobs { job() }
        if let stopped {
            for continuation in stopped { continuation.resume() }
            return .end
        }
        let now = MonotonicInstant.now
        var wakeAt: MonotonicInstant?
        polled.removeAll(keepingCapacity: true)
        polled.append(pollfd(fd: waker.readEnd, events: Int16(POLLIN), revents: 0))
        for member in members {
            let interest = member.prepare(now)
            if let instant = interest.wakeAt { wakeAt = min(wakeAt ?? instant, instant) }
            let events = (interest.reads ? Int16(POLLIN) : 0) | (interest.writes ? Int16(POLLOUT) : 0)
            // `poll` passes over a negative descriptor.
            polled.append(pollfd(fd: events == 0 ? -1 : interest.descriptor, events: events, revents: 0))
        }
        return .wait(until: wakeAt)
    }

    /// -1 for no limit. Rounded up, or the loop would spin through the last millisecond.
    private static func milliseconds(until instant: MonotonicInstant?) -> Int32 {
        instant.map { Deadline($0).remainingMilliseconds } ?? -1
    }
}
