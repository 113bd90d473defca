#if SQLite
import StoresCore

/// The event tier's rows within one transaction.
struct SQLiteEvents {
    let connection: SQLiteConnection

    struct Stream {
        var id: Int64
        var lastRevision: Int64
    }

    func stream(_ name: String) throws(StoreError) -> Stream? {
        try connection.first(
            "SELECT stream_id, last_revision FROM stores_streams WHERE stream = ?1", [.text(name)]
        ) { Stream(id: $0.int(0), lastRevision: $0.int(1)) }
    }

    /// Positions come from one AUTOINCREMENT sequence, inside the write transaction. SQLite has a single writer,
    /// so transactions commit in the order in which they take their numbers: whoever sees position P sees every
    /// event below it (E6), and the number of a deleted event is never given again.
    func append(_ events: [NewEvent], to name: String, expected: ExpectedRevision, now: Timestamp)
        throws(StoreError) -> AppendResult
    {
        let known = try stream(name)
        if let known, let result = try original(events, known, name) { return result }
        guard expected.isMet(by: known?.lastRevision) else {
            throw expected.conflict(with: known?.lastRevision, in: name)
        }
        var revision = known?.lastRevision ?? -1
        let streamID: Int64
        if let known {
            streamID = known.id
        } else {
            try connection.run(
                "INSERT INTO stores_streams (stream, last_revision) VALUES (?1, -1)", [.text(name)])
            streamID = connection.lastInsertedRow
        }
        let first = revision + 1
        let insert = try connection.prepare(
            """
            INSERT INTO stores_events
            (stream_id, revision, event_id, type, content_type, metadata, recorded_at, checksum, data)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        for event in events {
            revision += 1
            let metadata = SQLiteCodec.encode(event.metadata)
            try insert.bind(1, streamID)
            try insert.bind(2, revision)
            try insert.bind(3, event.id)
            try insert.bind(4, event.type)
            try insert.bind(5, event.contentType)
            try insert.bind(6, metadata)
            try insert.bind(7, now.millisecondsSinceEpoch)
            try insert.bind(8, Self.checksum(streamID, revision, event, metadata, now))
            try insert.bind(9, event.data)
            try insert.run()
        }
        let position = connection.lastInsertedRow
        try connection.run(
            "UPDATE stores_streams SET last_revision = ?2 WHERE stream_id = ?1", [.int(streamID), .int(revision)])
        return AppendResult(
            firstRevision: first, lastRevision: revision, position: Self.position(position),
            isDeduplicated: false)
    }

    /// Where these events are, when all of them are there, in this order; nil when none is.
    private func original(_ events: [NewEvent], _ stream: Stream, _ name: String) throws(StoreError)
        -> AppendResult?
    {
        var found: [(revision: Int64, position: Int64)] = []
        for event in events {
            let place = try connection.first(
                "SELECT revision, position FROM stores_events WHERE stream_id = ?1 AND event_id = ?2",
                [.int(stream.id), .text(event.id)]
            ) { (revision: $0.int(0), position: $0.int(1)) }
            if let place { found.append(place) }
        }
        guard let first = found.first, let last = found.last else { return nil }
        let isWhole =
            found.count == events.count
            && zip(found, found.dropFirst()).allSatisfy { $0.revision + 1 == $1.revision }
        guard isWhole else { throw .partialDuplicate(in: name) }
        return AppendResult(
            firstRevision: first.revision, lastRevision: last.revision, position: Self.position(last.position),
            isDeduplicated: true)
    }

    static let columns =
        "e.stream_id, e.revision, e.position, e.event_id, e.type, e.content_type, e.metadata, e.recorded_at, "
        + "e.checksum, e.data"

    /// From the columns above; `stream` is the name.
    func event(_ row: SQLiteRow, stream: String) throws(StoreError) -> RecordedEvent {
        let metadata = row.bytes(6)
        let event = NewEvent(
            id: row.text(3), type: row.text(4), data: row.bytes(9), contentType: row.text(5),
            metadata: try SQLiteCodec.strings(metadata, connection.path))
        let recorded = RecordedEvent(
            stream: stream, revision: row.int(1), position: Self.position(row.int(2)), event: event,
            recordedAt: row.timestamp(7))
        let sum = Self.checksum(
            row.int(0), recorded.revision, event, String(decoding: metadata, as: UTF8.self), recorded.recordedAt)
        guard sum == row.int(8) else {
            throw .corruptFile(connection.path, "an event does not fit its checksum").filling(resource: stream)
        }
        return recorded
    }

    private static func checksum(
        _ stream: Int64, _ revision: Int64, _ event: NewEvent, _ metadata: String, _ now: Timestamp
    ) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(stream)
        sum.add(revision)
        sum.add(event.id)
        sum.add(event.type)
        sum.add(event.contentType)
        sum.add(metadata)
        sum.add(now.millisecondsSinceEpoch)
        sum.add(event.data)
        return sum.value
    }

    static func position(_ number: Int64) -> Position { Position(UInt64(clamping: number)) }

    static func number(_ position: Position) throws(StoreError) -> Int64 {
        guard let number = position.numbers(count: 1)?.first else {
            throw .invalidArgument("the position was not given out by this store")
        }
        return Int64(clamping: number)
    }

    func last() throws(StoreError) -> Int64? {
        try connection.firstInt("SELECT max(position) FROM stores_events")
    }
}
#endif
