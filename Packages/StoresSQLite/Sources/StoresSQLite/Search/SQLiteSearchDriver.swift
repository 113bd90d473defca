#if SQLite
import StoresCore

/// The search tier: documents as JSON, and their analysed words in an FTS5 table of each index.
struct SQLiteSearchDriver: SearchDriver {
    let backend: SQLiteBackend

    private struct Encoded: Sendable {
        var document: SearchDocument
        var fields: [UInt8]
    }

    func ensureIndex(_ spec: SearchIndexSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> SearchIndexSpec
    {
        if mode == .off { return spec }
        let found = try await backend.read(context) { (connection) throws(StoreError) in
            try SQLiteSearchIndex.find(spec.name, connection)?.spec
        }
        if let found { return found }
        guard mode == .create else {
            throw StoreError(
                .notFound, "the index does not exist", remedy: "open it once with schema mode create",
                resource: spec.name, applied: .no)
        }
        return try await backend.write(context) { (connection) throws(StoreError) in
            // Somebody else may have been faster.
            if let found = try SQLiteSearchIndex.find(spec.name, connection) { return found.spec }
            try connection.run(
                "INSERT INTO stores_search_indexes (name, fields) VALUES (?1, ?2)",
                [.text(spec.name), .text(SQLiteSearchIndex.encode(spec.fields))])
            try connection.script(SQLiteSearchIndex.createWords(connection.lastInsertedRow, spec))
            return spec
        }
    }

    func indexes(context: CallContext) async throws(StoreError) -> [SearchIndexSpec] {
        try await backend.read(context) { (connection) throws(StoreError) in
            try connection.all("SELECT index_id, name, fields FROM stores_search_indexes ORDER BY name") {
                (row) throws(StoreError) in try SQLiteSearchIndex.spec(row, connection)
            }
        }
    }

    func dropIndex(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try await backend.write(context) { (connection) throws(StoreError) in
            guard let index = try SQLiteSearchIndex.find(name, connection) else { return false }
            try connection.run("DELETE FROM stores_search_documents WHERE index_id = ?1", [.int(index.id)])
            try connection.run("DELETE FROM stores_search_indexes WHERE index_id = ?1", [.int(index.id)])
            try connection.script("DROP TABLE IF EXISTS \(index.words)")
            return true
        }
    }

    func upsert(
        _ documents: [SearchDocument], into index: SearchIndexSpec, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        var result = BulkResult()
        var encoded: [Encoded] = []
        for document in documents {
            do {
                encoded.append(Encoded(document: document, fields: try SQLiteCodec.encode(document.fields)))
            } catch {
                result.failed.append(BulkFailure(id: document.id, error: error))
            }
        }
        let batch = encoded
        if !batch.isEmpty {
            try await backend.write(context) { (connection) throws(StoreError) in
                let index = try SQLiteSearchIndex.require(index.name, connection)
                for item in batch { try Self.store(item, index, connection) }
            }
        }
        result.succeeded = batch.map(\.document.id)
        return WriteReceipt(result: result, isSearchable: true)
    }

    private static func store(_ item: Encoded, _ index: SQLiteSearchIndex, _ connection: SQLiteConnection)
        throws(StoreError)
    {
        let known = try row(item.document.id, index, connection)
        if let known { try connection.run("DELETE FROM \(index.words) WHERE rowid = ?1", [.int(known)]) }
        let sum = checksum(item.document.id, item.fields)
        if let known {
            try connection.run(
                "UPDATE stores_search_documents SET fields = ?2, checksum = ?3 WHERE document_id = ?1",
                [.int(known), .textBytes(item.fields), .int(sum)])
        } else {
            try connection.run(
                "INSERT INTO stores_search_documents (index_id, id, fields, checksum) VALUES (?1, ?2, ?3, ?4)",
                [.int(index.id), .text(item.document.id), .textBytes(item.fields), .int(sum)])
        }
        let row = known ?? connection.lastInsertedRow
        var columns: [String] = []
        var values: [SQLiteValue] = [.int(row)]
        for field in index.textFields {
            let words = texts(item.document.fields[field.name]).map {
                SQLiteWords.encode(field.analyzer.terms($0))
            }
            columns.append(field.column)
            values.append(.text(words.joined(separator: " \(SQLiteWords.gap) ")))
        }
        guard !columns.isEmpty else { return }
        let places = (1...columns.count).map { "?\($0 + 1)" }.joined(separator: ", ")
        try connection.run(
            "INSERT INTO \(index.words) (rowid, \(columns.joined(separator: ", "))) VALUES (?1, \(places))", values)
    }

    /// The texts of a text field: one, or the texts of an array.
    static func texts(_ value: Value?) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap { texts($0) }
        default: []
        }
    }

    private static func row(_ id: String, _ index: SQLiteSearchIndex, _ connection: SQLiteConnection)
        throws(StoreError) -> Int64?
    {
        try connection.firstInt(
            "SELECT document_id FROM stores_search_documents WHERE index_id = ?1 AND id = ?2",
            [.int(index.id), .text(id)])
    }

    private static func checksum(_ id: String, _ fields: [UInt8]) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(id)
        sum.add(fields)
        return sum.value
    }

    static func document(_ row: Int64, _ connection: SQLiteConnection) throws(StoreError) -> SearchDocument {
        let document = try connection.first(
            "SELECT id, fields, checksum FROM stores_search_documents WHERE document_id = ?1", [.int(row)]
        ) { (row) throws(StoreError) in
            let (id, fields) = (row.text(0), row.bytes(1))
            guard checksum(id, fields) == row.int(2) else {
                throw .corruptFile(connection.path, "a document does not fit its checksum").filling(resource: id)
            }
            return SearchDocument(id: id, fields: try SQLiteCodec.metadata(fields, connection.path))
        }
        guard let document else { throw .corruptFile(connection.path, "a document is missing") }
        return document
    }

    func get(_ ids: [String], from index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> [SearchDocument]
    {
        try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let index = try SQLiteSearchIndex.require(index.name, connection)
            var found: [SearchDocument] = []
            for id in ids {
                if let row = try Self.row(id, index, connection) {
                    found.append(try Self.document(row, connection))
                }
            }
            return found
        }
    }

    func delete(_ selection: RecordSelection, from index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> Int
    {
        try await backend.write(context) { (connection) throws(StoreError) in
            let index = try SQLiteSearchIndex.require(index.name, connection)
            var rows: [Int64] = []
            switch selection {
            case .all:
                rows = try connection.all(
                    "SELECT document_id FROM stores_search_documents WHERE index_id = ?1", [.int(index.id)]
                ) { $0.int(0) }
            case .filter(let filter):
                let filter = try SQLiteFilter(filter, column: "fields", firstParameter: 2)
                rows = try connection.all(
                    "SELECT document_id FROM stores_search_documents WHERE index_id = ?1 AND \(filter.condition)",
                    [.int(index.id)] + filter.values, cached: false
                ) { $0.int(0) }
            case .ids(let ids):
                for id in ids { if let row = try Self.row(id, index, connection) { rows.append(row) } }
            }
            var count = 0
            for row in rows {
                try connection.run("DELETE FROM \(index.words) WHERE rowid = ?1", [.int(row)])
                count += try connection.run(
                    "DELETE FROM stores_search_documents WHERE document_id = ?1", [.int(row)])
            }
            return count
        }
    }

    func count(where filter: Filter?, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> Int
    {
        let filter = try filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "fields", firstParameter: 2)
        }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let index = try SQLiteSearchIndex.require(index.name, connection)
            return Int(
                try connection.firstInt(
                    """
                    SELECT count(*) FROM stores_search_documents WHERE index_id = ?1
                    \(filter.map { "AND \($0.condition)" } ?? "")
                    """,
                    [.int(index.id)] + (filter?.values ?? []), cached: filter == nil) ?? 0)
        }
    }
}
#endif
