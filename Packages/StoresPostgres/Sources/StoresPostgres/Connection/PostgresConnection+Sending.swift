import CLibPQ
import Dispatch
@_spi(Sockets) import StoresCore
import Synchronization

/// Who sends, and when.
extension PostgresConnection {
    /// - Parameter isLone: Whether the present task may wait for the answer itself.
    func run(
        _ request: PostgresRequest, isCancellable: Bool = true, isLone: Bool = true
    ) async -> PostgresOutcome {
        load.add(1, ordering: .relaxed)
        defer { load.subtract(1, ordering: .relaxed) }
        return await request.wait(isCancellable: isCancellable) { submit(request, isLone: isLone) }
    }

    func submit(_ request: PostgresRequest, isLone: Bool) {
        // In company it is not even tried: a look at a lock that is taken costs a call of the kernel.
        if pending <= 1, sendAlone(request, waits: isLone) { return }
        let (isFirst, isEarlier) = inbox.withLock { inbox in
            inbox.requests.append(request)
            defer { inbox.isAwaited = true }
            return (!inbox.isAwaited, inbox.sweeps(earlierAt: request.deadline))
        }
        if isFirst || isSlow { queue.async { self.drain() } }
        if isEarlier { scheduleSweep(request.deadline) }
    }

    func drain() {
        var arrived = Arrived()
        lock.withLock { _ in
            lookAround(&arrived)
            drainInbox()
        }
        deliver(arrived)
    }

    /// Sends what has gathered, unless something is under way that is soon answered: the end of that drains it.
    func drainInbox() {
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
    func send(_ requests: [PostgresRequest]) {
        guard !requests.isEmpty else { return }
        let now = MonotonicInstant.now
        if pipeline.isIdle {
            pacedAt = elapsed(now)
            progress.store(pacedAt, ordering: .relaxed)
        }
        let actions = pipeline.plan(requests, sharing: isSlow ? 1 : .max) {
            Self.statementTimeout(for: $0.serverDeadline, now)
        }
        for action in actions where !perform(action) { return fail() }
        owed.store(pipeline.inFlight, ordering: .relaxed)
        flush()
    }

    func perform(_ action: PostgresPipeline.Action) -> Bool {
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
    func flush() {
        switch PQflush(handle.connection) {
        case 0:
            if watched.load(ordering: .relaxed) == Watched.both { watched.store(Watched.reads, ordering: .releasing) }
        case 1:
            solo.end()
            if watched.exchange(Watched.both, ordering: .acquiringAndReleasing) != Watched.both { reactor.wake() }
        default: fail()
        }
    }
}
