#if SQLite
import StoresCore

/// The memory tier's rows within one transaction, at one instant.
///
/// A deleted fact leaves its row, marked, because its history stays; what has expired is invisible with its
/// history, and goes when it is overwritten or swept.
struct SQLiteFacts {
    /// What a fact becomes, prepared before the file's writer is taken.
    struct Encoded: Sendable {
        var put: FactPut
        var scope: [UInt8]
        var attributes: [UInt8]
        var embedding: [UInt8]?
        var words: String

        init(_ put: FactPut) throws(StoreError) {
            self.put = put
            scope = try SQLiteCodec.encode(put.draft.scope)
            attributes = try SQLiteCodec.encode(put.draft.attributes)
            embedding = put.draft.embedding.map { SQLiteCodec.encode($0) }
            words = SQLiteWords.encode(TextAnalyzer.standard.terms(put.draft.content))
        }
    }

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

    func stored(_ row: SQLiteRow) throws(StoreError) -> Stored {
        let (scope, attributes, embedding) = (row.bytes(1), row.bytes(4), row.optionalBytes(10))
        let fact = Fact(
            id: row.text(2), scope: SQLiteCodec.scope(scope), content: row.text(3),
            attributes: try SQLiteCodec.metadata(attributes, connection.path), createdAt: row.timestamp(5),
            updatedAt: row.timestamp(6), version: row.int(7), expiresAt: row.optionalTimestamp(8),
            source: row.optionalText(9))
        let isDeleted = row.int(11) != 0
        guard Self.checksum(fact, scope, attributes, embedding, isDeleted) == row.int(12) else {
            throw .corruptFile(connection.path, "a fact does not fit its checksum").filling(resource: fact.id)
        }
        return Stored(rowID: row.int(0), fact: fact, isDeleted: isDeleted)
    }

    func find(_ id: String, _ scope: [UInt8]) throws(StoreError) -> Stored? {
        let find = try statement(.find)
        defer { find.reset() }
        try find.bind(1, scope)
        try find.bind(2, id)
        return try find.step().map { (row) throws(StoreError) in try stored(row) }
    }

    func isExpired(_ fact: Fact) -> Bool {
        fact.expiresAt.map { $0 <= now } ?? false
    }

    func visible(_ id: String, _ scope: [UInt8]) throws(StoreError) -> Stored? {
        guard let found = try find(id, scope), !found.isDeleted, !isExpired(found.fact) else { return nil }
        return found
    }

    static func checksum(
        _ fact: Fact, _ scope: [UInt8], _ attributes: [UInt8], _ embedding: [UInt8]?, _ isDeleted: Bool
    ) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(scope)
        add(fact, attributes, to: &sum)
        sum.add(embedding == nil ? 0 : 1 as Int64)
        if let embedding { sum.add(embedding) }
        sum.add(isDeleted ? 1 : 0 as Int64)
        return sum.value
    }

    private static func add(_ fact: Fact, _ attributes: [UInt8], to sum: inout SQLiteChecksum) {
        sum.add(fact.id)
        sum.add(fact.content)
        sum.add(attributes)
        sum.add(fact.createdAt.millisecondsSinceEpoch)
        sum.add(fact.updatedAt.millisecondsSinceEpoch)
        sum.add(fact.version)
        sum.add(fact.expiresAt?.millisecondsSinceEpoch)
        sum.add(fact.source)
    }

    // MARK: - Writing

    func put(_ encoded: Encoded) throws(StoreError) -> Fact {
        let draft = encoded.put.draft
        var known = try find(draft.id, encoded.scope)
        let current = known.flatMap { $0.isDeleted || isExpired($0.fact) ? nil : $0.fact }
        if let wanted = encoded.put.ifVersion, wanted != current?.version ?? 0 {
            throw Self.conflict(draft.id, wanted, current?.version ?? 0)
        }
        if let expired = known, isExpired(expired.fact) {
            try erase(expired.rowID)
            known = nil
        }
        let fact = Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: current?.createdAt ?? now, updatedAt: now, version: (current?.version ?? 0) &+ 1,
            expiresAt: draft.expiresAt, source: draft.source)
        let write = try statement(known == nil ? .insert : .update)
        try write.bind(1, encoded.scope)
        try write.bind(2, draft.id)
        try write.bind(3, draft.content)
        try write.bindText(4, encoded.attributes)
        try write.bind(5, fact.createdAt.millisecondsSinceEpoch)
        try write.bind(6, fact.updatedAt.millisecondsSinceEpoch)
        try write.bind(7, fact.version)
        try write.bind(8, fact.expiresAt?.millisecondsSinceEpoch)
        try write.bind(9, fact.source)
        try write.bind(10, encoded.embedding)
        try write.bind(
            11, Self.checksum(fact, encoded.scope, encoded.attributes, encoded.embedding, false))
        if let known { try write.bind(12, known.rowID) }
        try write.run()
        let rowID = known?.rowID ?? connection.lastInsertedRow
        if known != nil { try connection.run("DELETE FROM stores_fact_words WHERE rowid = ?1", [.int(rowID)]) }
        if !encoded.words.isEmpty {
            let words = try statement(.insertWords)
            try words.bind(1, rowID)
            try words.bind(2, encoded.words)
            try words.run()
        }
        try addLine(.put, fact, encoded.attributes, rowID)
        return fact
    }

    func addLine(_ change: FactRevision.Change, _ fact: Fact, _ attributes: [UInt8], _ rowID: Int64)
        throws(StoreError)
    {
        let line = try statement(.insertLine)
        try line.bind(1, rowID)
        try line.bind(2, change.rawValue)
        try line.bind(3, now.millisecondsSinceEpoch)
        try line.bind(4, fact.content)
        try line.bindText(5, attributes)
        try line.bind(6, fact.createdAt.millisecondsSinceEpoch)
        try line.bind(7, fact.updatedAt.millisecondsSinceEpoch)
        try line.bind(8, fact.version)
        try line.bind(9, fact.expiresAt?.millisecondsSinceEpoch)
        try line.bind(10, fact.source)
        try line.bind(11, Self.checksum(line: change, fact, attributes, now))
        try line.run()
    }

    private static func checksum(
        line change: FactRevision.Change, _ fact: Fact, _ attributes: [UInt8], _ at: Timestamp
    ) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(change.rawValue)
        sum.add(at.millisecondsSinceEpoch)
        add(fact, attributes, to: &sum)
        return sum.value
    }

    func lines(_ id: String, _ scope: Scope, _ rowID: Int64) throws(StoreError) -> [FactRevision] {
        try connection.all(
            """
            SELECT change, at, content, attributes, created_at, updated_at, version, expires_at, source, checksum
            FROM stores_fact_history WHERE fact_id = ?1 ORDER BY line_id
            """,
            [.int(rowID)]
        ) { (row) throws(StoreError) in
            let attributes = row.bytes(3)
            let fact = Fact(
                id: id, scope: scope, content: row.text(2),
                attributes: try SQLiteCodec.metadata(attributes, connection.path), createdAt: row.timestamp(4),
                updatedAt: row.timestamp(5), version: row.int(6), expiresAt: row.optionalTimestamp(7),
                source: row.optionalText(8))
            guard let change = FactRevision.Change(rawValue: row.text(0)),
                Self.checksum(line: change, fact, attributes, row.timestamp(1)) == row.int(9)
            else {
                throw .corruptFile(connection.path, "a fact's history does not fit its checksum")
                    .filling(resource: id)
            }
            return FactRevision(change: change, fact: fact, at: row.timestamp(1))
        }
    }

    func markDeleted(_ stored: Stored, _ scope: [UInt8]) throws(StoreError) {
        let attributes = try SQLiteCodec.encode(stored.fact.attributes)
        try connection.run(
            "UPDATE stores_facts SET is_deleted = 1, embedding = NULL, checksum = ?2 WHERE fact_id = ?1",
            [.int(stored.rowID), .int(Self.checksum(stored.fact, scope, attributes, nil, true))])
        try connection.run("DELETE FROM stores_fact_words WHERE rowid = ?1", [.int(stored.rowID)])
        try addLine(.delete, stored.fact, attributes, stored.rowID)
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
