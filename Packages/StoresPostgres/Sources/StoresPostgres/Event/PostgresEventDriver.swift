import StoresCore

/// The event tier: streams, one order over all of them, runs and snapshots.
struct PostgresEventDriver: EventDriver {
    let backend: PostgresBackend
    /// Of the transaction that its calls belong to, and what it appended.
    var lease: PostgresLease?
    var appends: PostgresAppender.Count?

    var pool: PostgresAccess { PostgresAccess(pool: backend.pool, lease: lease) }

    func append(
        _ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext
    ) async throws(StoreError) -> AppendResult {
        guard !events.isEmpty else { throw .invalidArgument("an append has at least one event", resource: stream) }
        var ids: Set<PostgresKey> = []
        for event in events where !ids.insert(PostgresKey(event.id)).inserted {
            throw .invalidArgument("an event id occurs twice in one append", resource: stream)
        }
        let append = try PostgresAppend(
            events, to: stream, expected: expected, now: context.now, deadline: context.deadline)
        var attempt = 1
        while true {
            if let result = try await appendOnce(append) { return result }
            // Something kept it from being appended: look what.
            if let result = try await explain(append, context.deadline) { return result }
            // By now it is gone.
            try context.check("the append", applied: .no)
            attempt += 1
            guard attempt <= 16 else {
                throw StoreError(
                    .unavailable, "others kept changing the same stream", resource: stream, applied: .no,
                    isRetryable: true)
            }
        }
    }

    /// - Returns: Nil when it was not appended.
    private func appendOnce(_ append: PostgresAppend) async throws(StoreError) -> AppendResult? {
        guard lease != nil else { return try await backend.appender.append(append) }
        do throws(StoreError) {
            let answers = try await pool.group(
                [PostgresAppendStatement.command([append])], .write, deadline: append.deadline)
            guard let result = try PostgresAppendStatement.results(answers[0], [append])[0] else { return nil }
            appends?.add()
            return result
        } catch {
            // The same event at the same moment by somebody else: the next look finds it there.
            guard error.code == .alreadyExists else { throw error }
            return nil
        }
    }

    /// - Returns: The original result of events that are there already; nil when nothing stands against the append.
    private func explain(_ append: PostgresAppend, _ deadline: Deadline) async throws(StoreError) -> AppendResult? {
        let answers = try await pool.group(
            [
                PostgresCommand("SELECT last_revision FROM streams WHERE stream = $1", [.text(append.stream)]),
                PostgresCommand(
                    "SELECT id, revision, transaction, sequence FROM events WHERE stream = $1 AND id = ANY ($2)",
                    [.text(append.stream), .textArray(append.events.map(\.id))]),
            ], .read, deadline: deadline)
        let last = try answers[0].first?.int(0) ?? -1
        var places: [PostgresKey: (revision: Int64, position: PostgresPosition)] = [:]
        for row in answers[1] {
            let position = PostgresPosition(transaction: try row.xid8(2), sequence: UInt64(clamping: try row.int(3)))
            places[PostgresKey(try row.text(0))] = (try row.int(1), position)
        }
        if !places.isEmpty { return try append.original(places) }
        try append.check(actual: last >= 0 ? last : nil)
        return nil
    }

    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let (comparison, order, start) =
            switch direction {
            case .forward: (">=", "ASC", from ?? 0)
            case .backward: ("<=", "DESC", from ?? .max)
            }
        // One statement, so that the stream's end and its events are of one instant.
        let rows = try await pool.query(
            """
            SELECT s.last_revision, e.* FROM streams s LEFT JOIN LATERAL (
                SELECT \(PostgresEventRow.columns) FROM events
                WHERE stream = $1 AND revision \(comparison) $2 ORDER BY revision \(order) LIMIT $3) e ON true
            WHERE s.stream = $1 AND s.last_revision >= 0 ORDER BY e.revision \(order)
            """, [.text(stream), .int8(start), .int8(Int64(limit))], .read, deadline: context.deadline)
        guard let first = rows.first else { return StreamSlice(exists: false, events: [], lastRevision: nil) }
        var events: [RecordedEvent] = []
        events.reserveCapacity(rows.count)
        for row in rows where !row.isNull(1) { events.append(try PostgresEventRow.event(row, at: 1)) }
        return StreamSlice(exists: true, events: events, lastRevision: try first.int(0))
    }
}

extension PostgresEventDriver: OrderedEventDriver {
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try PostgresPosition(position)
        let more = Int64(min(limit, .max - 1)) + 1
        let rows = try await pool.query(
            """
            SELECT \(PostgresEventRow.columns) FROM events
            WHERE (transaction, sequence) > ($1, $2) AND \(PostgresPosition.isSettled)
            ORDER BY transaction, sequence LIMIT $3
            """, [.xid8(after.transaction), .int8(Int64(clamping: after.sequence)), .int8(more)], .read,
            deadline: context.deadline)
        var events: [RecordedEvent] = []
        events.reserveCapacity(min(rows.count, limit))
        for row in rows.prefix(limit) { events.append(try PostgresEventRow.event(row, at: 0)) }
        if events.isEmpty, position != nil { try await checkThatTheServerKnows(after, context.deadline) }
        return EventSlice(events: events, next: events.last?.position ?? position, isAtEnd: rows.count <= limit)
    }

    /// A server that was restored from a dump, or promoted before it had received everything, counts transactions from
    /// an earlier number on: what it stores now would lie below the position, and never be seen.
    private func checkThatTheServerKnows(_ position: PostgresPosition, _ deadline: Deadline) async throws(StoreError) {
        let rows = try await pool.query(
            "SELECT $1 < pg_snapshot_xmax(pg_current_snapshot())", [.xid8(position.transaction)], .read,
            deadline: deadline)
        if try rows.first?.bool(0) == true { return }
        throw StoreError(
            .preconditionFailed,
            "the position is newer than the server's last transaction: the server was restored, "
                + "or took over before it had received everything",
            remedy: "read again from the start, or from a position that this server has given out since", applied: .no,
            isRetryable: false)
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        let rows = try await pool.query(
            """
            SELECT transaction, sequence FROM events WHERE \(PostgresPosition.isSettled)
            ORDER BY transaction DESC, sequence DESC LIMIT 1
            """, .read, deadline: context.deadline)
        return try rows.first.map { row throws(StoreError) in
            PostgresPosition(transaction: try row.xid8(0), sequence: UInt64(clamping: try row.int(1))).position
        }
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        let after = try PostgresPosition(position)
        guard timeout > .zero else { return }
        let until = Deadline.after(timeout)
        try await backend.signal.wait(until: until) { [pool] () throws(StoreError) in
            let rows = try await pool.query(
                """
                SELECT FROM events WHERE (transaction, sequence) > ($1, $2) AND \(PostgresPosition.isSettled)
                ORDER BY transaction, sequence LIMIT 1
                """, [.xid8(after.transaction), .int8(Int64(clamping: after.sequence))], .read,
                deadline: .after(.seconds(10)))
            return !rows.isEmpty
        }
    }
}

extension PostgresEventDriver: LaggingEventDriver {
    func lag(context: CallContext) async throws(StoreError) -> Duration {
        let rows = try await pool.query(Self.heldBack, .read, deadline: context.deadline)
        guard let oldest = try rows.first?.timestamp(0) else { return .zero }
        return max(.zero, .milliseconds(context.now.millisecondsSinceEpoch - oldest.millisecondsSinceEpoch))
    }

    /// When the first event was recorded that nobody may read yet.
    static let heldBack = """
        SELECT recorded_at FROM events WHERE NOT \(PostgresPosition.isSettled)
        ORDER BY transaction, sequence LIMIT 1
        """
}

extension PostgresEventDriver: DeletingEventDriver {
    /// The stream's row stays, without events: whoever appends still finds a row to lock.
    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        let answers = try await pool.group(Self.deletion(of: stream), .write, deadline: context.deadline)
        return answers[0].affected > 0
    }

    /// A stream that was not there to be locked may have been made between the statements: what is removed belongs to a
    /// stream that has ended.
    static func deletion(of stream: String) -> [PostgresCommand] {
        let hasEnded = "NOT EXISTS (SELECT FROM streams WHERE stream = $1 AND last_revision >= 0)"
        return [
            "UPDATE streams SET last_revision = -1 WHERE stream = $1 AND last_revision >= 0",
            "DELETE FROM events WHERE stream = $1 AND \(hasEnded)",
            "DELETE FROM snapshots WHERE stream = $1 AND \(hasEnded)",
        ].map { PostgresCommand($0, [.text(stream)]) }
    }
}
