import StoresCore

/// Values by their keys. What has expired by a call's own clock is not there for it, though the row is.
enum PostgresSessionEntries {
    static func select(_ key: String) -> PostgresCommand {
        PostgresCommand("SELECT 1::int8, \(columns) FROM sessions WHERE key = $1", [.text(key)])
    }

    /// A row for each key that is there, with its place among the keys, from 1. Each is looked up by the index, however
    /// large the table seemed when the plan was made.
    static func select(_ keys: [String]) -> PostgresCommand {
        PostgresCommand(
            """
            SELECT k.place, s.* FROM unnest($1::text[]) WITH ORDINALITY AS k (key, place)
            CROSS JOIN LATERAL (SELECT \(columns) FROM sessions WHERE key = k.key LIMIT 1) AS s
            """, [.textArray(keys)])
    }

    private static let columns = "kind, value, content_type, number, etag, expires_at"

    /// The answer to ``select(_:)``: for each call its entry, or nil.
    ///
    /// - Parameter wanted: A call's key and its time.
    static func read<Call>(
        _ rows: PostgresRows, _ calls: [Call], _ wanted: (Call) -> (key: String, now: Timestamp)
    ) throws(StoreError) -> [PostgresEnd<SessionEntry?>] {
        var entries = [PostgresEnd<SessionEntry?>](repeating: .success(nil), count: calls.count)
        for row in rows {
            let place = Int(clamping: try row.int(0)) - 1
            guard calls.indices.contains(place) else {
                throw StoreError(.internal, "the server answered for another key")
            }
            let (key, now) = wanted(calls[place])
            do throws(StoreError) {
                entries[place] = .success(try entry(row, key, now))
            } catch {
                entries[place] = .failure(error)
            }
        }
        return entries
    }

    private static func entry(_ row: PostgresRow, _ key: String, _ now: Timestamp) throws(StoreError) -> SessionEntry? {
        let expiry = try row.optionalTimestamp(6)
        if let expiry, expiry <= now { return nil }
        let kind = try PostgresSessionKind(row, 1, key)
        let value: SessionValue
        switch kind {
        case .value: value = SessionValue(bytes: try row.bytes(2), contentType: try row.text(3))
        case .counter: value = SessionValue(String(try row.int(4)))
        case .list: throw kind.refused(key, wanted: "a value")
        }
        return SessionEntry(value: value, etag: try row.text(5), expiresAt: expiry)
    }
}
