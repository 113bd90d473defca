import CLibPQ
import Dispatch
@_spi(Sockets) import StoresCore
import Synchronization

/// Reads what has arrived, and tells whose it is.
extension PostgresConnection {
    enum Watched {
        static let nothing: UInt8 = 0
        static let reads: UInt8 = 1
        static let both: UInt8 = 3
    }

    /// What was read, to be told without the lock.
    struct Arrived {
        var completions: [PostgresPipeline.Completion] = []
        var notifications: [String] = []
        var drains = false
    }

    func prepare(_ now: MonotonicInstant) -> SocketInterest {
        var bits = watched.load(ordering: .acquiring)
        var wakeAt: MonotonicInstant?
        if bits == Watched.nothing {
            // Its tasks wait themselves, or it is lent. After a rest it is watched again, to learn of its end.
            let uses = soloUses.load(ordering: .relaxed)
            if uses != seenUses { seenAt = now }
            if uses == seenUses, now - seenAt >= SocketSolo.rest {
                _ = lock.withLockIfAvailable { _ in
                    if isOpen, !isLent, watchAgain() { solo.end() }
                }
                bits = watched.load(ordering: .acquiring)
            }
            seenUses = uses
            if bits == Watched.nothing { wakeAt = max(seenAt + SocketSolo.rest, now + .milliseconds(1)) }
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
    func receive(_ arrived: inout Arrived) {
        guard isOpen else { return }
        let wasIdle = pipeline.isIdle
        let isAlive = PQconsumeInput(handle.connection) == 1
        receive(&arrived.completions)
        // What comes while nothing is under way is read by no other call.
        if pipeline.isIdle { _ = PQisBusy(handle.connection) }
        owed.store(pipeline.inFlight, ordering: .relaxed)
        noteProgress(arrived.completions.reduce(0) { $0 + $1.request.calls })
        if onNotify != nil { collect(&arrived.notifications) }
        guard isAlive, !handle.isBroken, !isEnding else { return fail() }
        let again = pipeline.takeAgain()
        if !again.isEmpty { send(again) }
        if !wasIdle, isOpen, pipeline.isIdle { arrived.drains = goesOn(after: arrived.completions.count) }
    }

    func noteProgress(_ answered: Int) {
        let now = elapsed(.now)
        progress.store(now, ordering: .relaxed)
        guard answered > 0 else { return }
        let each = (now - pacedAt) / Int64(answered)
        pace.store((pace.load(ordering: .relaxed) + each) / 2, ordering: .relaxed)
        pacedAt = now
    }

    func deliver(_ arrived: Arrived) {
        for completion in arrived.completions { completion.request.finish(completion.outcome) }
        // Behind the tasks that go on now: those that ask again at once are in the next batch.
        if arrived.drains { Task.detached { self.drain() } }
        for channel in arrived.notifications { onNotify?(channel) }
    }

    /// Whether the inbox is to be drained: not when a lone request was answered and nobody waits, so that the next one
    /// is sent by its own task again.
    func goesOn(after answered: Int) -> Bool {
        inbox.withLock { inbox in
            if answered <= 1, inbox.requests.isEmpty { inbox.isAwaited = false }
            return inbox.isAwaited
        }
    }

    func receive(_ completions: inout [PostgresPipeline.Completion]) {
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

    func collect(_ notifications: inout [String]) {
        while let notification = PQnotifies(handle.connection) {
            notifications.append(String(cString: notification.pointee.relname))
            PQfreemem(notification)
        }
    }
}
