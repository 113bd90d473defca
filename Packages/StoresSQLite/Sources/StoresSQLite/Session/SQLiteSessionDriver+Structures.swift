#if SQLite
import StoresCore

extension SQLiteSessionDriver: StructuredSessionDriver {
    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int64
    {
        try await write(context) { (entries) throws(StoreError) in
            let previous = try entries.current(key)
            var count: Int64 = 0
            if let previous {
                guard case .counter(let current) = previous.content else {
                    throw SQLiteSessionEntries.wrongKind(key, previous.content, wanted: "a counter")
                }
                count = current
            }
            let (sum, overflow) = count.addingReportingOverflow(amount)
            guard !overflow else {
                throw StoreError(
                    .preconditionFailed, "the counter would leave the range of a 64-bit integer", resource: key,
                    applied: .no)
            }
            _ = try entries.store(.counter(sum), key, previous, expiry: expiry)
            return sum
        }
    }

    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int
    {
        guard keepLast >= 1 else {
            throw .invalidArgument("keepLast is at least 1; got \(keepLast)", resource: key)
        }
        return try await write(context) { (entries) throws(StoreError) in
            let previous = try entries.current(key)
            var count = 0
            if let previous {
                guard case .list(let current) = previous.content else {
                    throw SQLiteSessionEntries.wrongKind(key, previous.content, wanted: "a list")
                }
                count = Int(current)
            } else if elements.isEmpty {
                return 0
            }
            let added = elements.suffix(keepLast)
            let kept = min(keepLast, count + added.count)
            let entry = try entries.store(.list(Int64(kept)), key, previous, expiry: expiry)
            try entries.append(added, to: entry.rowID, keep: kept)
            return kept
        }
    }

    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]? {
        try await read(context) { (entries) throws(StoreError) in
            guard let entry = try entries.visible(key) else { return nil }
            guard case .list(let length) = entry.content else {
                throw SQLiteSessionEntries.wrongKind(key, entry.content, wanted: "a list")
            }
            let found = try entries.elements(of: entry.rowID, last: max(0, count))
            guard found.count == min(Int(clamping: length), max(0, count)) else {
                throw .corruptFile(entries.connection.path, "a list lacks elements").filling(resource: key)
            }
            return found
        }
    }
}

extension SQLiteSessionEntries {
    /// Elements have ascending numbers without gaps; what is dropped is always the lowest.
    func append(_ elements: ArraySlice<[UInt8]>, to rowID: Int64, keep: Int) throws(StoreError) {
        var last =
            try connection.firstInt(
                "SELECT max(sequence) FROM stores_session_elements WHERE entry_id = ?1", [.int(rowID)]) ?? 0
        for element in elements {
            last += 1
            try connection.run(
                "INSERT INTO stores_session_elements (entry_id, sequence, element, checksum) VALUES (?1, ?2, ?3, ?4)",
                [.int(rowID), .int(last), .bytes(element), .int(Self.checksum(element))])
        }
        try connection.run(
            "DELETE FROM stores_session_elements WHERE entry_id = ?1 AND sequence <= ?2",
            [.int(rowID), .int(last - Int64(keep))])
    }

    func elements(of rowID: Int64, last count: Int) throws(StoreError) -> [[UInt8]] {
        try connection.all(
            """
            SELECT element, checksum FROM stores_session_elements WHERE entry_id = ?1
            ORDER BY sequence DESC LIMIT ?2
            """,
            [.int(rowID), SQLiteValue(count)]
        ) { (row) throws(StoreError) in
            let element = row.bytes(0)
            guard Self.checksum(element) == row.int(1) else {
                throw .corruptFile(connection.path, "a list's element does not fit its checksum")
            }
            return element
        }.reversed()
    }

    private static func checksum(_ element: [UInt8]) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(element)
        return sum.value
    }
}
#endif
