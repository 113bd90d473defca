@_spi(Sockets) import StoresCore
import Synchronization

/// A lone request, sent and waited for by its own task, see `SocketSolo`.
extension PostgresConnection {
    /// - Returns: False when there are others, whom it is to go along with.
    func sendAlone(_ request: PostgresRequest, waits: Bool) -> Bool {
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
            if !waits, solo.isActive { endSolo() }
            send([request])
            arm(request.deadline)
            if waits, isOpen, !pipeline.isIdle, solo.enter() { awaitAlone(&arrived) }
            // It may have been cancelled at the last moment.
            drainInbox()
            return true
        }
        deliver(arrived)
        return isSent ?? false
    }

    /// Under the lock: nobody watches, and something is to be read although nothing is under way. It is the
    /// connection's end, or a word about it.
    func lookAround(_ arrived: inout Arrived) {
        guard solo.isActive, isOpen, !isLent, pipeline.isIdle, handle.hasInput else { return }
        endSolo()
        for _ in 0..<3 where isOpen && handle.hasInput { receive(&arrived) }
    }

    /// Under the lock: the answer to the only request there is, read by the task that waits for it.
    func awaitAlone(_ arrived: inout Arrived) {
        soloUses.add(1, ordering: .relaxed)
        watched.store(Watched.nothing, ordering: .releasing)
        // The answers to its preparation may come by themselves.
        for _ in 0..<3 where isOpen && !pipeline.isIdle && watched.load(ordering: .relaxed) == Watched.nothing {
            let wait = solo.wait(for: handle.socket)
            solo.waited(wait)
            guard wait != .inVain else { break }
            receive(&arrived)
        }
        if !isOpen || !pipeline.isIdle { endSolo() }
    }

    /// Under the lock: the reactor watches again.
    func endSolo() {
        solo.end()
        guard isOpen, watchAgain() else { return }
        reactor.wake()
    }

    /// Under the lock. Whoever wants to write wants to read as well, and stays.
    func watchAgain() -> Bool {
        watched.compareExchange(
            expected: Watched.nothing, desired: Watched.reads, ordering: .acquiringAndReleasing
        ).exchanged
    }
}
