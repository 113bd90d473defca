import StoresCore

/// Many appends, each to a stream of its own, as one statement with a result for each.
///
/// An append whose demand is not met, or of which an event is in the stream already, is left out and has no row in the
/// answer; it does not disturb the others. The streams' rows are locked in the order of their names, so that two
/// batches never wait for each other.
enum PostgresAppendStatement {
    /// - Parameter appends: Of different streams, in the order of their names' bytes.
    static func command(_ appends: [PostgresAppend]) -> PostgresCommand {
        var owners: [Int64?] = []
        var places: [Int64?] = []
        var ids: [String?] = []
        var types: [String?] = []
        var contentTypes: [String?] = []
        var metadata: [[UInt8]?] = []
        var data: [[UInt8]?] = []
        for (owner, append) in appends.enumerated() {
            for (place, event) in append.events.enumerated() {
                owners.append(Int64(owner + 1))
                places.append(Int64(place))
                ids.append(event.id)
                types.append(event.type)
                contentTypes.append(event.contentType)
                metadata.append(append.metadata[place])
                data.append(event.data)
            }
        }
        return PostgresCommand(
            sql,
            [
                .textArray(appends.map(\.stream)), .int8Array(appends.map(\.demand)),
                .int8Array(appends.map { Int64($0.events.count) }),
                .int8Array(appends.map { $0.now.millisecondsSinceEpoch }), .int8Array(owners), .int8Array(places),
                .textArray(ids), .textArray(types), .textArray(contentTypes), .jsonbArray(metadata),
                .bytesArray(data),
            ])
    }

    /// The answer's rows: which append (from 1), the stream's new last revision, and the last event's position.
    static func result(_ row: PostgresRow, _ appends: [PostgresAppend]) throws(StoreError) -> (
        index: Int, result: AppendResult
    ) {
        let index = Int(clamping: try row.int(0)) - 1
        guard appends.indices.contains(index) else {
            throw StoreError(.internal, "the server answered for another append", applied: .yes)
        }
        let last = try row.int(1)
        let position = PostgresPosition(
            transaction: try row.xid8(2), sequence: UInt64(clamping: try row.int(3)))
        return (
            index,
            AppendResult(
                firstRevision: last - Int64(appends[index].events.count) + 1, lastRevision: last,
                position: position.position, isDeduplicated: false)
        )
    }

    // `head` moves each stream's end forward, which is where the demand is checked: the row is locked then, and its
    // latest version is what counts. Streams that were deleted have kept their row, so that one which an append demands
    // to exist can't vanish between the look at it and the lock. The new end's transaction is never below the last
    // event's: see `PostgresPosition`.
    private static let sql = """
        WITH a AS (
            SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS t (stream, expected, count, recorded_at, owner)
        ), e AS (
            SELECT * FROM unnest($5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::jsonb[],
                $11::bytea[]) AS t (owner, place, id, type, content_type, metadata, data)
        ), head AS (
            INSERT INTO streams AS s (stream, last_revision, last_transaction, expected)
            SELECT a.stream, a.count - 1, pg_current_xact_id(), a.expected FROM a
            WHERE (a.expected IN (-3, -1) OR EXISTS (SELECT FROM streams o WHERE o.stream = a.stream))
                AND NOT EXISTS (SELECT FROM e JOIN events x ON x.stream = a.stream AND x.id = e.id
                    WHERE e.owner = a.owner)
            ORDER BY a.owner
            ON CONFLICT (stream) DO UPDATE SET
                last_revision = s.last_revision + excluded.last_revision + 1,
                last_transaction = greatest(s.last_transaction, excluded.last_transaction),
                expected = excluded.expected
            WHERE excluded.expected = -3 OR excluded.expected = -2 AND s.last_revision >= 0
                OR excluded.expected >= -1 AND s.last_revision = excluded.expected
            RETURNING s.stream, s.last_revision, s.last_transaction
        ), written AS (
            INSERT INTO events (transaction, stream, revision, id, type, content_type, metadata, recorded_at, data)
            SELECT h.last_transaction, h.stream, h.last_revision - a.count + 1 + e.place, e.id, e.type,
                e.content_type, e.metadata, a.recorded_at, e.data
            FROM head h JOIN a ON a.stream = h.stream JOIN e ON e.owner = a.owner
            ORDER BY a.owner, e.place
            RETURNING stream, revision, transaction, sequence
        )
        SELECT a.owner, w.revision, w.transaction, w.sequence
        FROM head h JOIN a ON a.stream = h.stream
            JOIN written w ON w.stream = h.stream AND w.revision = h.last_revision
        """
}
