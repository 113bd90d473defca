#if SQLite
import StoresCore

/// The event tier: streams, one order over all of them, runs and snapshots.
struct SQLiteEventDriver: EventDriver {
    let backend: SQLiteBackend

    func append(
        _ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext
    ) async throws(StoreError) -> AppendResult {
        guard !events.isEmpty else { throw .invalidArgument("an append has at least one event", resource: stream) }
        var ids: Set<FilterLiteral.Bytes> = []
        for event in events where !ids.insert(FilterLiteral.Bytes(event.id)).inserted {
            throw .invalidArgument("an event id occurs twice in one append", resource: stream)
        }
        let result = try await backend.write(context) { (connection) throws(StoreError) in
            try SQLiteEvents(connection: connection).append(
                events, to: stream, expected: expected, now: context.now)
        }
        backend.signal.announce(try SQLiteEvents.number(result.position))
        return result
    }

    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let events = SQLiteEvents(connection: connection)
            guard let known = try events.stream(stream) else {
                return StreamSlice(exists: false, events: [], lastRevision: nil)
            }
            let (comparison, order, start) =
                switch direction {
                case .forward: (">=", "ASC", from ?? 0)
                case .backward: ("<=", "DESC", from ?? .max)
                }
            let found = try connection.all(
                """
                SELECT \(SQLiteEvents.columns) FROM stores_events e
                WHERE e.stream_id = ?1 AND e.revision \(comparison) ?2 ORDER BY e.revision \(order) LIMIT ?3
                """,
                [.int(known.id), .int(start), SQLiteValue(limit)]
            ) { (row) throws(StoreError) in try events.event(row, stream: stream) }
            return StreamSlice(exists: true, events: found, lastRevision: known.lastRevision)
        }
    }
}

extension SQLiteEventDriver: OrderedEventDriver {
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError)
        -> EventSlice
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try position.map { position throws(StoreError) in try SQLiteEvents.number(position) } ?? 0
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let events = SQLiteEvents(connection: connection)
            let found = try connection.all(
                """
                SELECT \(SQLiteEvents.columns), s.stream FROM stores_events e
                CROSS JOIN stores_streams s ON s.stream_id = e.stream_id
                WHERE e.position > ?1 ORDER BY e.position LIMIT ?2
                """,
                [.int(after), SQLiteValue(limit)]
            ) { (row) throws(StoreError) in try events.event(row, stream: row.text(10)) }
            let reached = try found.last.map { last throws(StoreError) in
                try SQLiteEvents.number(last.position)
            }
            let last = try events.last() ?? 0
            return EventSlice(
                events: found, next: found.last?.position ?? position, isAtEnd: (reached ?? after) >= last)
        }
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        try await backend.read(context) { (connection) throws(StoreError) in
            try SQLiteEvents(connection: connection).last().map(SQLiteEvents.position)
        }
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        let after = try position.map { position throws(StoreError) in try SQLiteEvents.number(position) } ?? 0
        guard timeout > .zero else { return }
        let until = MonotonicInstant.now.advanced(by: timeout)
        try await backend.signal.wait(after: after, until: until) { [backend] () throws(StoreError) in
            try await backend.read(deadline: .after(.seconds(10))) { (connection) throws(StoreError) in
                try SQLiteEvents(connection: connection).last() ?? 0
            }
        }
    }
}

extension SQLiteEventDriver: DeletingEventDriver {
    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        try await backend.write(context) { (connection) throws(StoreError) in
            try connection.run("DELETE FROM stores_snapshots WHERE stream = ?1", [.text(stream)])
            guard let known = try SQLiteEvents(connection: connection).stream(stream) else { return false }
            try connection.run("DELETE FROM stores_events WHERE stream_id = ?1", [.int(known.id)])
            try connection.run("DELETE FROM stores_streams WHERE stream_id = ?1", [.int(known.id)])
            return true
        }
    }
}
#endif
