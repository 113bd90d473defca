#if SQLite
import StoresCore

/// The vector tier: exact search by scanning, with the filter in SQL before any distance is computed. A read sees
/// every write that was committed before it, of whatever process.
struct SQLiteVectorDriver: VectorDriver {
    let backend: SQLiteBackend

    private struct Encoded: Sendable {
        var record: VectorRecord
        var metadata: [UInt8]
        var vector: [UInt8]
        var norm: Double
        var words: String?
    }

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        var result = BulkResult()
        var encoded: [Encoded] = []
        encoded.reserveCapacity(records.count)
        for record in records {
            do {
                encoded.append(try encode(record, target.collection))
            } catch {
                result.failed.append(BulkFailure(id: record.id, error: error))
            }
        }
        let batch = encoded
        if !batch.isEmpty {
            try await backend.write(context) { (connection) throws(StoreError) in
                try Self.upsert(batch, target, connection)
            }
        }
        result.succeeded = batch.map(\.record.id)
        return WriteReceipt(result: result, isSearchable: true)
    }

    private func encode(_ record: VectorRecord, _ collection: VectorCollectionSpec) throws(StoreError) -> Encoded {
        guard record.vector.count == collection.dimensions else {
            throw .invalidArgument(
                "the vector has \(record.vector.count) dimensions; the collection has \(collection.dimensions)",
                resource: record.id)
        }
        let norm = VectorMath.norm(record.vector)
        guard norm.isFinite, norm > 0 || collection.metric != .cosine else {
            throw .invalidArgument("the vector is not finite, or has length 0 under cosine", resource: record.id)
        }
        return Encoded(
            record: record, metadata: try SQLiteCodec.encode(record.metadata),
            vector: SQLiteCodec.encode(record.vector), norm: norm,
            words: record.document.map { SQLiteWords.encode(TextAnalyzer.standard.terms($0)) })
    }

    private static func upsert(_ batch: [Encoded], _ target: VectorTarget, _ connection: SQLiteConnection)
        throws(StoreError)
    {
        let partition = try SQLiteVectorPartition.find(target, connection, creating: true)
        var next =
            try connection.firstInt(
                "SELECT max(record_id) FROM stores_vector_records WHERE record_id BETWEEN ?1 AND ?2",
                partition.range) ?? partition.first
        let insert = try connection.prepare(
            """
            INSERT INTO stores_vector_records (record_id, partition_id, id, metadata, document, checksum)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (partition_id, id) DO UPDATE SET metadata = excluded.metadata,
            document = excluded.document, checksum = excluded.checksum
            RETURNING record_id
            """)
        let insertVector = try connection.prepare(
            "INSERT OR REPLACE INTO stores_vectors (record_id, norm, checksum, vector) VALUES (?1, ?2, ?3, ?4)")
        for item in batch {
            guard next < partition.last else {
                throw StoreError(.tooLarge, "the namespace is full", applied: .no)
            }
            let record = item.record
            try insert.bind(1, next + 1)
            try insert.bind(2, partition.partitionID ?? 0)
            try insert.bind(3, record.id)
            try insert.bindText(4, item.metadata)
            try insert.bind(5, record.document)
            try insert.bind(6, checksum(record.id, item.metadata, record.document))
            let rowID = try insert.step()?.int(0) ?? next + 1
            while try insert.step() != nil {}
            insert.reset()
            let isNew = rowID == next + 1
            if isNew { next += 1 }
            try insertVector.bind(1, rowID)
            try insertVector.bind(2, item.norm)
            try insertVector.bind(3, item.vector.withUnsafeBytes { checksum(item.norm, $0) })
            try insertVector.bind(4, item.vector)
            try insertVector.run()
            if !isNew {
                try connection.run("DELETE FROM \(partition.words) WHERE rowid = ?1", [.int(rowID)])
            }
            if let words = item.words, !words.isEmpty {
                try connection.run(
                    "INSERT INTO \(partition.words) (rowid, words) VALUES (?1, ?2)", [.int(rowID), .text(words)])
            }
        }
    }

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard let partitionID = partition.partitionID else { return [] }
            var found: [StoredVectorRecord] = []
            for id in ids {
                let rowID = try connection.firstInt(
                    "SELECT record_id FROM stores_vector_records WHERE partition_id = ?1 AND id = ?2",
                    [.int(partitionID), .text(id)])
                if let rowID { found.append(try Self.record(rowID, include, connection)) }
            }
            return found
        }
    }

    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        let filter: SQLiteFilter?
        if case .filter(let chosen) = selection {
            filter = try SQLiteFilter(chosen, column: "metadata", firstParameter: 3)
        } else {
            filter = nil
        }
        return try await backend.write(context) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard let partitionID = partition.partitionID else { return 0 }
            var rows: [Int64] = []
            switch selection {
            case .all:
                try connection.run(
                    "DELETE FROM stores_vectors WHERE record_id BETWEEN ?1 AND ?2", partition.range)
                try connection.run(
                    "DELETE FROM \(partition.words) WHERE rowid BETWEEN ?1 AND ?2", partition.range)
                return try connection.run(
                    "DELETE FROM stores_vector_records WHERE record_id BETWEEN ?1 AND ?2", partition.range)
            case .filter:
                rows = try connection.all(
                    """
                    SELECT record_id FROM stores_vector_records
                    WHERE record_id BETWEEN ?1 AND ?2 AND \(filter?.condition ?? "0")
                    """,
                    partition.range + (filter?.values ?? []), cached: false
                ) { $0.int(0) }
            case .ids(let ids):
                for id in ids {
                    let row = try connection.firstInt(
                        "SELECT record_id FROM stores_vector_records WHERE partition_id = ?1 AND id = ?2",
                        [.int(partitionID), .text(id)])
                    if let row { rows.append(row) }
                }
            }
            var count = 0
            for row in rows {
                try connection.run("DELETE FROM stores_vectors WHERE record_id = ?1", [.int(row)])
                try connection.run("DELETE FROM \(partition.words) WHERE rowid = ?1", [.int(row)])
                count += try connection.run(
                    "DELETE FROM stores_vector_records WHERE record_id = ?1", [.int(row)])
            }
            return count
        }
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Int
    {
        let filter = try filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "metadata", firstParameter: 3)
        }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard partition.partitionID != nil else { return 0 }
            return Int(
                try connection.firstInt(
                    """
                    SELECT count(*) FROM stores_vector_records WHERE record_id BETWEEN ?1 AND ?2
                    \(filter.map { "AND \($0.condition)" } ?? "")
                    """,
                    partition.range + (filter?.values ?? []), cached: filter == nil) ?? 0)
        }
    }

    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        let after =
            try request.cursor.map { cursor throws(StoreError) in try CursorCodec.bytes(cursor, parts: 1...1)[0] } ?? []
        let filter = try request.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "metadata", firstParameter: 4)
        }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard let partitionID = partition.partitionID else { return Page(items: [], next: nil) }
            var rows: [(record: StoredVectorRecord, rowID: Int64)] = try connection.all(
                """
                SELECT id, metadata, document, checksum, record_id FROM stores_vector_records
                WHERE partition_id = ?1 AND id > ?2 \(filter.map { "AND \($0.condition)" } ?? "")
                ORDER BY id LIMIT ?3
                """,
                [
                    .int(partitionID), .textBytes(after),
                    .int(Int64(request.limit).addingReportingOverflow(1).partialValue),
                ] + (filter?.values ?? []), cached: filter == nil
            ) { (row) throws(StoreError) in (try Self.record(row, request.include, connection), row.int(4)) }
            var next: Cursor?
            if rows.count > request.limit {
                rows.removeLast()
                next = rows.last.map { CursorCodec.encode([$0.record.id]) }
            }
            if request.include.contains(.vector) {
                for index in rows.indices {
                    rows[index].record.vector = try Self.vector(rows[index].rowID, connection)
                }
            }
            return Page(items: rows.map(\.record), next: next)
        }
    }
}
#endif
