#if SQLite
import StoresCore

/// The session tier: a row for each key. Every write is a transaction of its own, which SQLite's single writer
/// orders, so conditions and leases need no further lock.
struct SQLiteSessionDriver: SessionDriver {
    let backend: SQLiteBackend

    func read<T: Sendable>(
        _ context: CallContext, snapshot: Bool = true,
        _ body: @escaping @Sendable (SQLiteSessionEntries) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await backend.read(context, snapshot: snapshot) { (connection) throws(StoreError) in
            try body(SQLiteSessionEntries(connection: connection, now: context.now))
        }
    }

    func write<T: Sendable>(
        _ context: CallContext, _ body: @escaping @Sendable (SQLiteSessionEntries) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        try await backend.write(context) { (connection) throws(StoreError) in
            // The time is read here, with the lock held: an expiry counts from the write, not from when the call
            // began to wait for its turn.
            let entries = SQLiteSessionEntries(connection: connection, now: context.now)
            let result = try body(entries)
            try entries.purge()
            return result
        }
    }

    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?] {
        if keys.isEmpty { return [] }
        // One statement sees one state by itself.
        return try await read(context, snapshot: keys.count > 1) { (entries) throws(StoreError) in
            var found: [SessionEntry?] = []
            found.reserveCapacity(keys.count)
            for key in keys {
                guard let entry = try entries.visible(key) else {
                    found.append(nil)
                    continue
                }
                let value: SessionValue
                switch entry.content {
                case .value(let stored): value = stored
                case .counter(let count): value = SessionValue(String(count))
                case .list: throw SQLiteSessionEntries.wrongKind(key, entry.content, wanted: "a value")
                }
                found.append(SessionEntry(value: value, etag: entry.etag, expiresAt: entry.expiresAt))
            }
            return found
        }
    }

    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]
    {
        if writes.isEmpty { return [] }
        return try await write(context) { (entries) throws(StoreError) in
            var results: [Result<SessionReceipt, StoreError>] = []
            results.reserveCapacity(writes.count)
            for write in writes {
                do throws(StoreError) {
                    results.append(.success(try entries.set(write)))
                } catch {
                    // Refused before anything was written: the others stand.
                    let refusals: [StoreError.Code] = [.conflict, .preconditionFailed, .invalidArgument]
                    guard refusals.contains(error.code) else { throw error }
                    results.append(.failure(error))
                }
            }
            return results
        }
    }

    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError)
        -> [Bool]
    {
        if keys.isEmpty { return [] }
        return try await write(context) { (entries) throws(StoreError) in
            var found: [Bool] = []
            for key in keys {
                try entries.check(condition, key)
                found.append(try entries.remove(key))
            }
            return found
        }
    }

    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int {
        guard !prefix.isEmpty else { throw .invalidArgument("a prefix to delete by is not empty") }
        return try await write(context) { (entries) throws(StoreError) in
            var count = 0
            for range in SessionKeyRange.ranges(prefix: prefix) {
                let found = try entries.connection.all(
                    "SELECT entry_id, expires_at FROM stores_sessions WHERE key >= ?1 AND key < ?2", range.values
                ) { (rowID: $0.int(0), expiresAt: $0.optionalTimestamp(1)) }
                for entry in found {
                    try entries.erase(entry.rowID)
                    if entry.expiresAt.map({ $0 > entries.now }) ?? true { count += 1 }
                }
            }
            return count
        }
    }

    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>
    {
        guard limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(limit)") }
        let after = try cursor.map { cursor throws(StoreError) in try CursorCodec.bytes(cursor, parts: 1...1)[0] }
        return try await read(context) { (entries) throws(StoreError) in
            var keys: [String] = []
            for range in SessionKeyRange.ranges(prefix: prefix) where keys.count <= limit {
                keys += try entries.connection.all(
                    """
                    SELECT key FROM stores_sessions
                    WHERE key >= ?1 AND key < ?2 AND key > ?3 AND (expires_at IS NULL OR expires_at > ?4)
                    ORDER BY key LIMIT ?5
                    """,
                    range.values + [
                        .textBytes(after ?? []), .int(entries.now.millisecondsSinceEpoch),
                        .int(Int64(limit - keys.count).addingReportingOverflow(1).partialValue),
                    ]
                ) { $0.text(0) }
            }
            guard keys.count > limit else { return Page(items: keys, next: nil) }
            keys.removeLast(keys.count - limit)
            return Page(items: keys, next: keys.last.map { CursorCodec.encode([$0]) })
        }
    }

    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch? {
        try await write(context) { (entries) throws(StoreError) in try entries.touch(key, expiry) }
    }
}

/// A range of keys by their bytes, without its end.
struct SessionKeyRange {
    var start: [UInt8]
    var end: [UInt8]

    var values: [SQLiteValue] { [.textBytes(start), .textBytes(end)] }

    /// The key that equals the prefix, and those that go on with `/`; in ascending order.
    static func ranges(prefix: String?) -> [SessionKeyRange] {
        // No UTF-8 text has the byte 0xFF.
        guard let prefix else { return [SessionKeyRange(start: [], end: [0xFF])] }
        let exact = Array(prefix.utf8)
        return [
            SessionKeyRange(start: exact, end: exact + [0]),
            SessionKeyRange(start: exact + [UInt8(ascii: "/")], end: exact + [UInt8(ascii: "/") + 1]),
        ]
    }
}

extension SQLiteSessionDriver: TransactionalSessionDriver {
    func transact(_ operations: [SessionOperation], context: CallContext) async throws(StoreError)
        -> [SessionOutcome]
    {
        try await write(context) { (entries) throws(StoreError) in
            for operation in operations {
                switch operation {
                case .set(let write):
                    try SQLiteSessionEntries.leases.check(write.leaseGuard, entries.connection)
                    try entries.check(write.condition, write.key)
                case .delete(let key, let condition), .check(let key, let condition):
                    try entries.check(condition, key)
                }
            }
            var outcomes: [SessionOutcome] = []
            for operation in operations {
                switch operation {
                case .set(let write): outcomes.append(.set(try entries.apply(write)))
                case .delete(let key, _): outcomes.append(.deleted(try entries.remove(key)))
                case .check: outcomes.append(.checked)
                }
            }
            return outcomes
        }
    }
}

extension SQLiteSessionDriver: LeasingDriver {
    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease? {
        try await write(context) { (entries) throws(StoreError) in
            try SQLiteSessionEntries.leases.acquire(key, ttl, entries.now, entries.connection)
        }
    }

    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease {
        try await write(context) { (entries) throws(StoreError) in
            try SQLiteSessionEntries.leases.renew(lease, ttl, entries.now, entries.connection)
        }
    }

    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool {
        try await write(context) { (entries) throws(StoreError) in
            try SQLiteSessionEntries.leases.release(lease, entries.now, entries.connection)
        }
    }
}
#endif
