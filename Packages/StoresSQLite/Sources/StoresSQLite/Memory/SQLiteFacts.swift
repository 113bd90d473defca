#if SQLite
import StoresCore

/// The memory tier's rows within one transaction, at one instant.
///
/// A deleted fact leaves its row, marked, because its history stays; what has expired is invisible with its
/// history, and goes when it is overwritten or swept.
struct SQLiteFacts {
    struct Stored {
        var rowID: Int64
        var fact: Fact
        var isDeleted: Bool
    }

    let connection: SQLiteConnection
    let now: Timestamp
    private let statement: FactStatements

    init(connection: SQLiteConnection, now: Timestamp) {
        self.connection = connection
        self.now = now
        statement = FactStatements(connection)
    }

    // MARK: - Reading

    static let columns = """
        f.fact_id, f.scope, f.id, f.content, f.attributes, f.created_at, f.updated_at, f.version, f.expires_at,
        f.source, f.embedding, f.is_deleted, f.checksum
        """

    /// True of the facts that are seen at the instant of parameter `number`.
    static func visible(_ number: Int) -> String {
        "f.is_deleted = 0 AND (f.expires_at IS NULL OR f.expires_at > ?\(number))"
    }

    /// The parameters 1 to 3 of a statement over a range: its ends, and the instant for `visible`.
    func bounds(_ range: FactRange) -> [SQLiteValue] { range.values + [.int(now.millisecondsSinceEpoch)] }

    func stored(_ row: SQLiteRow) throws(StoreError) -> Stored {
        let columns = FactRow.Columns(
            scope: row.unowned(1), id: row.unowned(2), content: row.unowned(3), attributes: row.unowned(4),
            source: row.isNull(9) ? nil : row.unowned(9), embedding: row.isNull(10) ? nil : row.unowned(10),
            words: UnsafeRawBufferPointer(start: nil, count: 0))
        let fact = Fact(
            id: row.text(2), scope: SQLiteCodec.scope(row.bytes(1)), content: row.text(3),
            attributes: try SQLiteCodec.metadata(row.bytes(4), connection.path), createdAt: row.timestamp(5),
            updatedAt: row.timestamp(6), version: row.int(7), expiresAt: row.optionalTimestamp(8),
            source: row.optionalText(9))
        let isDeleted = row.int(11) != 0
        guard Self.checksum(fact, columns, isDeleted: isDeleted) == row.int(12) else {
            throw .corruptFile(connection.path, "a fact does not fit its checksum").filling(resource: fact.id)
        }
        return Stored(rowID: row.int(0), fact: fact, isDeleted: isDeleted)
    }

    func find(_ id: String, _ scope: UnsafeRawBufferPointer) throws(StoreError) -> Stored? {
        let find = try statement(.find)
        defer { find.reset() }
        try find.bind(1, scope)
        try find.bind(2, id)
        return try find.step().map { (row) throws(StoreError) in try stored(row) }
    }

    func isExpired(_ fact: Fact) -> Bool {
        fact.expiresAt.map { $0 <= now } ?? false
    }

    func find(_ id: String, _ scope: [UInt8]) throws(StoreError) -> Stored? {
        try scope.withUnsafeBufferPointer { (scope) throws(StoreError) in
            try find(id, UnsafeRawBufferPointer(scope))
        }
    }

    func visible(_ id: String, _ scope: [UInt8]) throws(StoreError) -> Stored? {
        guard let found = try find(id, scope), !found.isDeleted, !isExpired(found.fact) else { return nil }
        return found
    }

    /// The columns' bytes, and the numbers from the fact: each has its place, whether it is there or not.
    private static func checksum(_ fact: Fact, _ columns: FactRow.Columns, isDeleted: Bool) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(columns.scope)
        add(fact, columns, to: &sum)
        sum.add(columns.embedding)
        sum.add(isDeleted ? 1 : 0 as Int64)
        return sum.value
    }

    private static func checksum(
        line change: FactRevision.Change, at: Timestamp, _ fact: Fact, _ columns: FactRow.Columns
    ) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(change.rawValue)
        sum.add(at.millisecondsSinceEpoch)
        add(fact, columns, to: &sum)
        return sum.value
    }

    private static func add(_ fact: Fact, _ columns: FactRow.Columns, to sum: inout SQLiteChecksum) {
        sum.add(columns.id)
        sum.add(columns.content)
        sum.add(columns.attributes)
        sum.add(fact.createdAt.millisecondsSinceEpoch)
        sum.add(fact.updatedAt.millisecondsSinceEpoch)
        sum.add(fact.version)
        sum.add(fact.expiresAt?.millisecondsSinceEpoch)
        sum.add(columns.source)
    }

    // MARK: - Writing

    /// Writes facts in order. One that was refused before anything of it was written leaves the others as they are.
    ///
    /// Rows first, then all words, then all lines of history: SQLite is a tenth faster when it stays with a table.
    func put(_ rows: [Result<FactRow, StoreError>]) throws(StoreError) -> [Result<Fact, StoreError>] {
        var results: [Result<Fact, StoreError>] = []
        results.reserveCapacity(rows.count)
        var written: [Written] = []
        for row in rows {
            do throws(StoreError) {
                results.append(.success(try put(try row.get(), &written)))
            } catch {
                guard error.code == .conflict || error.code == .invalidArgument else { throw error }
                results.append(.failure(error))
            }
        }
        try finish(&written)
        return results
    }

    /// A fact whose row is written, but not yet its words and its line of history.
    private struct Written {
        var row: FactRow
        var fact: Fact
        var rowID: Int64
    }

    private func put(_ row: FactRow, _ written: inout [Written]) throws(StoreError) -> Fact {
        // Most facts are new: the insert looks them up as it goes, which saves the look-up before it.
        if row.ifVersion ?? 0 == 0 {
            let fact = fact(row.draft, after: nil, lastVersion: 0)
            if try write(fact, row, over: nil) {
                written.append(Written(row: row, fact: fact, rowID: connection.lastInsertedRow))
                return fact
            }
        }
        // It may be one of the batch itself.
        try finish(&written)
        var known = try row.withColumns { (columns) throws(StoreError) in try find(row.draft.id, columns.scope) }
        let current = known.flatMap { $0.isDeleted || isExpired($0.fact) ? nil : $0.fact }
        if let wanted = row.ifVersion, wanted != current?.version ?? 0 {
            throw Self.conflict(row.draft.id, wanted, current?.version ?? 0)
        }
        if let expired = known, isExpired(expired.fact) {
            try erase(expired.rowID)
            known = nil
        }
        let fact = fact(row.draft, after: current, lastVersion: known?.fact.version ?? 0)
        _ = try write(fact, row, over: known?.rowID)
        if let known { try connection.run("DELETE FROM stores_fact_words WHERE rowid = ?1", [.int(known.rowID)]) }
        written.append(Written(row: row, fact: fact, rowID: known?.rowID ?? connection.lastInsertedRow))
        return fact
    }

    private func finish(_ written: inout [Written]) throws(StoreError) {
        for item in written {
            try item.row.withColumns { (columns) throws(StoreError) in
                if columns.words.isEmpty { return }
                let words = try statement(.insertWords)
                defer { words.forgetBindings() }
                try words.bind(1, item.rowID)
                try words.bindText(2, unowned: columns.words)
                try words.run()
            }
        }
        for item in written {
            try item.row.withColumns { (columns) throws(StoreError) in
                try addLine(.put, item.fact, columns, item.rowID)
            }
        }
        written.removeAll(keepingCapacity: true)
    }

    /// - Parameter lastVersion: Also of a deleted fact: a version that was given out once is not given out again.
    private func fact(_ draft: FactDraft, after current: Fact?, lastVersion: Int64) -> Fact {
        Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: current?.createdAt ?? now, updatedAt: now, version: lastVersion &+ 1,
            expiresAt: draft.expiresAt, source: draft.source)
    }

    /// Updates a row, or inserts one.
    ///
    /// - Returns: False when there was nothing to update, or a row in the way of the inserted one.
    private func write(_ fact: Fact, _ row: FactRow, over rowID: Int64?) throws(StoreError) -> Bool {
        try row.withColumns { (columns) throws(StoreError) in
            let write = try statement(rowID == nil ? .insert : .update)
            defer { write.forgetBindings() }
            try write.bind(1, unowned: columns.scope)
            try write.bindText(2, unowned: columns.id)
            try write.bindText(3, unowned: columns.content)
            try write.bindText(4, unowned: columns.attributes)
            try write.bind(5, fact.createdAt.millisecondsSinceEpoch)
            try write.bind(6, fact.updatedAt.millisecondsSinceEpoch)
            try write.bind(7, fact.version)
            try write.bind(8, fact.expiresAt?.millisecondsSinceEpoch)
            try write.bindText(9, unowned: columns.source)
            try write.bind(10, unowned: columns.embedding)
            try write.bind(11, Self.checksum(fact, columns, isDeleted: false))
            if let rowID { try write.bind(12, rowID) }
            return try write.runCounting() > 0
        }
    }

    func addLine(_ change: FactRevision.Change, _ fact: Fact, _ columns: FactRow.Columns, _ rowID: Int64)
        throws(StoreError)
    {
        let line = try statement(.insertLine)
        defer { line.forgetBindings() }
        try line.bind(1, rowID)
        try line.bind(2, change.rawValue)
        try line.bind(3, now.millisecondsSinceEpoch)
        try line.bindText(4, unowned: columns.content)
        try line.bindText(5, unowned: columns.attributes)
        try line.bind(6, fact.createdAt.millisecondsSinceEpoch)
        try line.bind(7, fact.updatedAt.millisecondsSinceEpoch)
        try line.bind(8, fact.version)
        try line.bind(9, fact.expiresAt?.millisecondsSinceEpoch)
        try line.bindText(10, unowned: columns.source)
        try line.bind(11, Self.checksum(line: change, at: now, fact, columns))
        try line.run()
    }

    func lines(_ id: String, _ scope: Scope, _ rowID: Int64) throws(StoreError) -> [FactRevision] {
        try connection.all(
            """
            SELECT change, at, content, attributes, created_at, updated_at, version, expires_at, source, checksum
            FROM stores_fact_history WHERE fact_id = ?1 ORDER BY line_id
            """,
            [.int(rowID)]
        ) { (row) throws(StoreError) in
            let fact = Fact(
                id: id, scope: scope, content: row.text(2),
                attributes: try SQLiteCodec.metadata(row.bytes(3), connection.path), createdAt: row.timestamp(4),
                updatedAt: row.timestamp(5), version: row.int(6), expiresAt: row.optionalTimestamp(7),
                source: row.optionalText(8))
            var id = id
            let sum = id.withUTF8 { id in
                let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
                let columns = FactRow.Columns(
                    scope: nothing, id: UnsafeRawBufferPointer(id), content: row.unowned(2),
                    attributes: row.unowned(3), source: row.isNull(8) ? nil : row.unowned(8), words: nothing)
                return FactRevision.Change(rawValue: row.text(0)).map {
                    Self.checksum(line: $0, at: row.timestamp(1), fact, columns)
                }
            }
            guard let change = FactRevision.Change(rawValue: row.text(0)), sum == row.int(9) else {
                throw .corruptFile(connection.path, "a fact's history does not fit its checksum")
                    .filling(resource: id)
            }
            return FactRevision(change: change, fact: fact, at: row.timestamp(1))
        }
    }

    func markDeleted(_ stored: Stored) throws(StoreError) {
        try FactRow(stored.fact).withColumns { (columns) throws(StoreError) in
            try connection.run(
                "UPDATE stores_facts SET is_deleted = 1, embedding = NULL, checksum = ?2 WHERE fact_id = ?1",
                [.int(stored.rowID), .int(Self.checksum(stored.fact, columns, isDeleted: true))])
            try connection.run("DELETE FROM stores_fact_words WHERE rowid = ?1", [.int(stored.rowID)])
            try addLine(.delete, stored.fact, columns, stored.rowID)
        }
    }

    /// Removes a fact's row, words and history for good.
    func erase(_ rowID: Int64) throws(StoreError) {
        try connection.run("DELETE FROM stores_fact_words WHERE rowid = ?1", [.int(rowID)])
        try connection.run("DELETE FROM stores_fact_history WHERE fact_id = ?1", [.int(rowID)])
        try connection.run("DELETE FROM stores_facts WHERE fact_id = ?1", [.int(rowID)])
    }

    static func conflict(_ id: String, _ wanted: Int64, _ current: Int64) -> StoreError {
        let wish = wanted == 0 ? "the fact must not exist yet" : "the fact must be at version \(wanted)"
        return StoreError(
            .conflict, "\(wish); \(current == 0 ? "it does not exist" : "it is at version \(current)")",
            remedy: "read the fact again and repeat the write with its version", resource: id, applied: .no,
            conflict: .version(current: current))
    }
}
#endif
