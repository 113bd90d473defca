import StoresCore

/// Many appends, each to a stream of its own, as one statement with a result for each.
///
/// An append whose demand is not met, or of which an event is in the stream already, is left out and has no row in the
/// answer; it does not disturb the others. The streams' rows are locked in the order of their names, so that two
/// batches never wait for each other.
enum PostgresAppendStatement {
    /// - Parameter appends: Of different streams, in the order of their names' bytes.
    static func command(_ appends: [PostgresAppend]) -> PostgresCommand {
        let count = appends.reduce(0) { $0 + $1.events.count }
        var streams: [String?] = []
        var fromEnd: [Int64?] = []
        var times: [Int64?] = []
        var ids: [String?] = []
        var types: [String?] = []
        var contentTypes: [String?] = []
        var metadata: [[UInt8]?] = []
        var data: [[UInt8]?] = []
        streams.reserveCapacity(count)
        fromEnd.reserveCapacity(count)
        times.reserveCapacity(count)
        ids.reserveCapacity(count)
        types.reserveCapacity(count)
        contentTypes.reserveCapacity(count)
        metadata.reserveCapacity(count)
        data.reserveCapacity(count)
        for append in appends {
            let time = append.now.millisecondsSinceEpoch
            for (place, event) in append.events.enumerated() {
                streams.append(append.stream)
                fromEnd.append(Int64(append.events.count - 1 - place))
                times.append(time)
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
                .int8Array(appends.map { Int64($0.events.count) }), .textArray(streams), .int8Array(fromEnd),
                .int8Array(times), .textArray(ids), .textArray(types), .textArray(contentTypes),
                .jsonbArray(metadata), .bytesArray(data),
            ])
    }

    /// The answer has a row for each append that was done: its stream, the stream's new last revision, and the last
    /// event's position.
    ///
    /// - Returns: In the order of `appends`; nil for one that was left out.
    static func results(_ rows: PostgresRows, _ appends: [PostgresAppend]) throws(StoreError) -> [AppendResult?] {
        var results = [AppendResult?](repeating: nil, count: appends.count)
        var indexes: [PostgresKey: Int] = [:]
        if appends.count > 1 {
            indexes.reserveCapacity(appends.count)
            for (index, append) in appends.enumerated() { indexes[PostgresKey(append.stream)] = index }
        }
        for row in rows {
            guard let index = appends.count == 1 ? 0 : indexes[PostgresKey(try row.text(0))] else {
                throw StoreError(.internal, "the server answered for another append", applied: .yes)
            }
            let last = try row.int(1)
            let position = PostgresPosition(
                transaction: try row.xid8(2), sequence: UInt64(clamping: try row.int(3)))
            results[index] = AppendResult(
                firstRevision: last - Int64(appends[index].events.count) + 1, lastRevision: last,
                position: position.position, isDeduplicated: false)
        }
        return results
    }

    // `head` moves each stream's end forward, which is where the demand is checked: the row is locked then, and its
    // latest version is what counts. Streams that were deleted have kept their row, so that one which an append demands
    // to exist can't vanish between the look at it and the lock. The new end's transaction is never below the last
    // event's: see `PostgresPosition`.
    //
    // The plan is made once and kept while the tables grow, so it must not depend on how large they seemed: what is
    // looked up in a table is looked up by an index, event by event (LIMIT 1 keeps the planner from joining instead),
    // and `generate_subscripts`, which gives no row, makes the planner expect a thousand events, which it then hashes;
    // of the ten that it expects of an array it would compare each with each.
    private static let sql = """
        WITH e AS MATERIALIZED (
            SELECT t.*, (SELECT true FROM events x WHERE x.stream = t.stream AND x.id = t.id LIMIT 1) AS is_known
            FROM ROWS FROM (unnest($4::text[]), unnest($5::bigint[]), unnest($6::bigint[]), unnest($7::text[]),
                unnest($8::text[]), unnest($9::text[]), unnest($10::jsonb[]), unnest($11::bytea[]),
                generate_subscripts('{}'::int[], 1)) WITH ORDINALITY
                AS t (stream, from_end, recorded_at, id, type, content_type, metadata, data, nothing, place)
        ), head AS (
            INSERT INTO streams AS s (stream, last_revision, last_transaction, expected)
            SELECT a.stream, a.count - 1, pg_current_xact_id(), a.expected
            FROM unnest($1::text[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS a (stream, expected, count, place)
            WHERE (a.expected IN (-3, -1) OR a.stream IN (SELECT o.stream FROM streams o WHERE o.stream = ANY ($1)))
                AND a.stream NOT IN (SELECT e.stream FROM e WHERE e.is_known)
            ORDER BY a.place
            ON CONFLICT (stream) DO UPDATE SET
                last_revision = s.last_revision + excluded.last_revision + 1,
                last_transaction = greatest(s.last_transaction, excluded.last_transaction),
                expected = excluded.expected
            WHERE excluded.expected = -3 OR excluded.expected = -2 AND s.last_revision >= 0
                OR excluded.expected >= -1 AND s.last_revision = excluded.expected
            RETURNING s.stream, s.last_revision, s.last_transaction
        ), written AS (
            INSERT INTO events (transaction, stream, revision, id, type, content_type, metadata, recorded_at, data)
            SELECT h.last_transaction, h.stream, h.last_revision - e.from_end, e.id, e.type, e.content_type,
                e.metadata, e.recorded_at, e.data
            FROM head h JOIN e ON e.stream = h.stream
            ORDER BY e.place
            RETURNING stream, revision, transaction, sequence
        )
        SELECT stream, max(revision), transaction, max(sequence) FROM written GROUP BY stream, transaction
        """
}
