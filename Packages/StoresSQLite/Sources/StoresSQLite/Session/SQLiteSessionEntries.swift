#if SQLite
import StoresCore

/// The session tier's rows within one transaction, at one instant.
struct SQLiteSessionEntries {
    enum Content {
        case value(SessionValue)
        case counter(Int64)
        /// How many elements it has; they are rows of their own.
        case list(Int64)

        var kind: String {
            switch self {
            case .value: "value"
            case .counter: "counter"
            case .list: "list"
            }
        }
    }

    struct Entry {
        var rowID: Int64
        var content: Content
        var etag: String
        var expiresAt: Timestamp?
    }

    /// How many expired entries one write frees at most.
    private static let purgeCount = 32

    static let leases = SQLiteLeases(space: "session")

    let connection: SQLiteConnection
    let now: Timestamp

    /// What is there and has not expired.
    func visible(_ key: String) throws(StoreError) -> Entry? {
        guard let entry = try load(key) else { return nil }
        if let expiresAt = entry.expiresAt, expiresAt <= now { return nil }
        return entry
    }

    /// The entry for a write: one that has expired is removed first.
    func current(_ key: String) throws(StoreError) -> Entry? {
        guard let entry = try load(key) else { return nil }
        if let expiresAt = entry.expiresAt, expiresAt <= now {
            try erase(entry.rowID)
            return nil
        }
        return entry
    }

    private func load(_ key: String) throws(StoreError) -> Entry? {
        try connection.first(
            """
            SELECT entry_id, kind, value, number, content_type, etag, expires_at, checksum
            FROM stores_sessions WHERE key = ?1
            """,
            [.text(key)]
        ) { (row) throws(StoreError) in
            let kind = row.text(1)
            let content: Content
            switch kind {
            case "value": content = .value(SessionValue(bytes: row.bytes(2), contentType: row.text(4)))
            case "counter": content = .counter(row.int(3))
            case "list": content = .list(row.int(3))
            default: throw damaged(key)
            }
            let entry = Entry(
                rowID: row.int(0), content: content, etag: row.text(5), expiresAt: row.optionalTimestamp(6))
            guard checksum(key, entry) == row.int(7) else { throw damaged(key) }
            return entry
        }
    }

    private func checksum(_ key: String, _ entry: Entry) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(key)
        sum.add(entry.content.kind)
        switch entry.content {
        case .value(let value):
            sum.add(value.contentType)
            sum.add(value.bytes)
        case .counter(let number), .list(let number): sum.add(number)
        }
        sum.add(entry.etag)
        sum.add(entry.expiresAt?.millisecondsSinceEpoch)
        return sum.value
    }

    private func damaged(_ key: String) -> StoreError {
        .corruptFile(connection.path, "a session entry does not fit its checksum").filling(resource: key)
    }

    /// Writes an entry under a new etag in place of `previous`, and returns it.
    func store(_ content: Content, _ key: String, _ previous: Entry?, expiry: Expiry) throws(StoreError) -> Entry {
        var random = SystemRandomNumberGenerator()
        var entry = Entry(
            rowID: previous?.rowID ?? 0, content: content, etag: String(random.next(), radix: 16),
            expiresAt: expiration(expiry, previous))
        let (value, number, type): (SQLiteValue, SQLiteValue, SQLiteValue)
        switch content {
        case .value(let content): (value, number, type) = (.bytes(content.bytes), .null, .text(content.contentType))
        case .counter(let count), .list(let count): (value, number, type) = (.null, .int(count), .null)
        }
        let columns: [SQLiteValue] = [
            .text(key), .text(content.kind), value, number, type, .text(entry.etag),
            SQLiteValue(entry.expiresAt?.millisecondsSinceEpoch), .int(checksum(key, entry)),
        ]
        if let previous {
            try connection.run(
                """
                UPDATE stores_sessions SET key = ?1, kind = ?2, value = ?3, number = ?4, content_type = ?5,
                etag = ?6, expires_at = ?7, checksum = ?8 WHERE entry_id = ?9
                """,
                columns + [.int(previous.rowID)])
        } else {
            try connection.run(
                """
                INSERT INTO stores_sessions (key, kind, value, number, content_type, etag, expires_at, checksum)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """,
                columns)
            entry.rowID = connection.lastInsertedRow
        }
        return entry
    }

    /// Changes the expiry alone; the etag stays.
    func touch(_ key: String, _ expiry: Expiry) throws(StoreError) -> SessionTouch? {
        guard var entry = try visible(key) else { return nil }
        entry.expiresAt = expiration(expiry, entry)
        try connection.run(
            "UPDATE stores_sessions SET expires_at = ?2, checksum = ?3 WHERE entry_id = ?1",
            [
                .int(entry.rowID), SQLiteValue(entry.expiresAt?.millisecondsSinceEpoch),
                .int(checksum(key, entry)),
            ])
        return SessionTouch(expiresAt: entry.expiresAt)
    }

    func erase(_ rowID: Int64) throws(StoreError) {
        try connection.run("DELETE FROM stores_session_elements WHERE entry_id = ?1", [.int(rowID)])
        try connection.run("DELETE FROM stores_sessions WHERE entry_id = ?1", [.int(rowID)])
    }

    /// Removes a key; whether it was visible.
    func remove(_ key: String) throws(StoreError) -> Bool {
        guard let entry = try current(key) else { return false }
        try erase(entry.rowID)
        return true
    }

    func purge() throws(StoreError) {
        let expired = try connection.all(
            "SELECT entry_id FROM stores_sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
            [.int(now.millisecondsSinceEpoch), SQLiteValue(Self.purgeCount)]
        ) { $0.int(0) }
        for rowID in expired { try erase(rowID) }
    }

    private func expiration(_ expiry: Expiry, _ entry: Entry?) -> Timestamp? {
        switch expiry {
        case .keep: entry?.expiresAt
        case .never: nil
        case .after(let duration): now.advanced(by: duration)
        }
    }

    // MARK: - Conditions

    func check(_ condition: SessionCondition, _ key: String) throws(StoreError) {
        let message: String
        let current: String?
        switch condition {
        case .none: return
        case .ifAbsent:
            current = try visible(key)?.etag
            if current == nil { return }
            message = "the key must be absent; it is there"
        case .ifMatch(let etag):
            try ETagRules.check(etag)
            current = try visible(key)?.etag
            if current == etag { return }
            message = current == nil ? "the key is missing" : "the key has another etag"
        }
        throw StoreError(
            .conflict, message, remedy: "read the key again and repeat the write with its etag", resource: key,
            applied: .no, conflict: .etag(current: current))
    }

    func set(_ write: SessionWrite) throws(StoreError) -> SessionReceipt {
        try Self.leases.check(write.leaseGuard, connection)
        try check(write.condition, write.key)
        return try apply(write)
    }

    func apply(_ write: SessionWrite) throws(StoreError) -> SessionReceipt {
        let previous = try current(write.key)
        if let previous {
            guard case .value = previous.content else {
                throw Self.wrongKind(write.key, previous.content, wanted: "a value")
            }
        }
        let entry = try store(.value(write.value), write.key, previous, expiry: write.expiry)
        return SessionReceipt(etag: entry.etag, expiresAt: entry.expiresAt)
    }

    static func wrongKind(_ key: String, _ content: Content, wanted: String) -> StoreError {
        StoreError(
            .preconditionFailed, "the key holds a \(content.kind); the operation wants \(wanted)",
            remedy: "use another key, or delete this one first", resource: key, applied: .no)
    }
}
#endif
