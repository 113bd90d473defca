#if SQLite
import StoresCore

extension SQLiteVectorDriver: TextVectorDriver {
    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let collection = target.collection
        guard query.vector.count == collection.dimensions else {
            throw .invalidArgument(
                "the query has \(query.vector.count) dimensions; the collection has \(collection.dimensions)")
        }
        guard query.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(query.limit)") }
        let filter = try query.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "r.metadata", firstParameter: 3)
        }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard partition.partitionID != nil else { return VectorMatches(matches: []) }
            let best = try Self.nearest(query, filter, collection, partition, connection)
            var matches: [VectorMatch] = []
            matches.reserveCapacity(best.count)
            for candidate in best {
                let record = try Self.record(candidate.record, query.include, connection)
                matches.append(
                    VectorMatch(
                        id: record.id, similarity: candidate.similarity, metadata: record.metadata,
                        document: record.document, vector: record.vector))
            }
            return VectorMatches(matches: matches)
        }
    }

    /// Reads the namespace's vectors in the order of the file, those alone that pass the filter.
    private static func nearest(
        _ query: VectorQuery, _ filter: SQLiteFilter?, _ collection: VectorCollectionSpec,
        _ partition: SQLiteVectorPartition, _ connection: SQLiteConnection
    ) throws(StoreError) -> [NearestRecords.Candidate] {
        let sql =
            if let filter {
                """
                SELECT v.record_id, v.norm, v.checksum, v.vector
                FROM stores_vector_records r CROSS JOIN stores_vectors v ON v.record_id = r.record_id
                WHERE r.record_id BETWEEN ?1 AND ?2 AND \(filter.condition)
                """
            } else {
                "SELECT record_id, norm, checksum, vector FROM stores_vectors WHERE record_id BETWEEN ?1 AND ?2"
            }
        let metric = collection.metric
        let length = collection.dimensions.multipliedReportingOverflow(by: 4).partialValue
        let queryNorm = VectorMath.norm(query.vector)
        var nearest = NearestRecords(limit: query.limit) { (record) throws(StoreError) in
            try connection.first(
                "SELECT id FROM stores_vector_records WHERE record_id = ?1", [.int(record)]
            ) { $0.bytes(0) } ?? []
        }
        try connection.each(sql, partition.range + (filter?.values ?? []), cached: filter == nil) {
            (row) throws(StoreError) in
            let norm = row.real(1)
            let stored = row.unowned(3)
            guard stored.count == length, checksum(norm, stored) == row.int(2) else {
                throw .corruptFile(connection.path, "a vector does not fit its checksum")
            }
            let similarity = query.vector.withUnsafeBufferPointer { query in
                switch metric {
                case .dot: VectorMath.dot(stored, query)
                case .euclidean: -VectorMath.squaredDistance(stored, query).squareRoot()
                case .cosine: VectorMath.dot(stored, query) / (queryNorm * norm)
                }
            }
            if !similarity.isNaN, similarity >= query.minSimilarity ?? -.infinity {
                try nearest.offer(row.int(0), similarity)
            }
            return true
        }
        return try nearest.sorted()
    }

    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> VectorMatches
    {
        guard query.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(query.limit)") }
        let words = TextAnalyzer.standard.terms(query.text)
        guard !words.isEmpty else { return VectorMatches(matches: []) }
        let filter = try query.filter.map { filter throws(StoreError) in
            try SQLiteFilter(filter, column: "r.metadata", firstParameter: 5)
        }
        return try await backend.read(context, snapshot: true) { (connection) throws(StoreError) in
            let partition = try SQLiteVectorPartition.find(target, connection)
            guard partition.partitionID != nil else { return VectorMatches(matches: []) }
            // The name is made of a number.
            let table = partition.words
            let found = try connection.all(
                """
                SELECT r.record_id FROM \(table) CROSS JOIN stores_vector_records r ON r.record_id = \(table).rowid
                WHERE \(table) MATCH ?3 AND \(table).rowid BETWEEN ?1 AND ?2
                \(filter.map { "AND \($0.condition)" } ?? "")
                ORDER BY bm25(\(table)), r.id LIMIT ?4
                """,
                partition.range + [.text(SQLiteWords.any(words)), SQLiteValue(query.limit)]
                    + (filter?.values ?? []), cached: false
            ) { $0.int(0) }
            var matches: [VectorMatch] = []
            for rowID in found {
                let record = try Self.record(rowID, query.include, connection)
                matches.append(
                    VectorMatch(
                        id: record.id, similarity: nil, metadata: record.metadata, document: record.document,
                        vector: record.vector))
            }
            return VectorMatches(matches: matches)
        }
    }

    // MARK: - Records

    static func checksum(_ norm: Double, _ vector: UnsafeRawBufferPointer) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(Int64(bitPattern: norm.bitPattern))
        sum.add(vector)
        return sum.value
    }

    static func checksum(_ id: String, _ metadata: [UInt8], _ document: String?) -> Int64 {
        var sum = SQLiteChecksum()
        sum.add(id)
        sum.add(metadata)
        sum.add(document)
        return sum.value
    }

    static func record(_ rowID: Int64, _ include: VectorInclude, _ connection: SQLiteConnection)
        throws(StoreError) -> StoredVectorRecord
    {
        let record = try connection.first(
            "SELECT id, metadata, document, checksum FROM stores_vector_records WHERE record_id = ?1",
            [.int(rowID)]
        ) { (row) throws(StoreError) in try Self.record(row, include, connection) }
        guard var record else { throw .corruptFile(connection.path, "a vector has no record") }
        if include.contains(.vector) { record.vector = try vector(rowID, connection) }
        return record
    }

    /// From the columns id, metadata, document, checksum.
    static func record(_ row: SQLiteRow, _ include: VectorInclude, _ connection: SQLiteConnection)
        throws(StoreError) -> StoredVectorRecord
    {
        let (id, metadata, document) = (row.text(0), row.bytes(1), row.optionalText(2))
        guard checksum(id, metadata, document) == row.int(3) else {
            throw .corruptFile(connection.path, "a record does not fit its checksum")
        }
        return StoredVectorRecord(
            id: id,
            metadata: include.contains(.metadata) ? try SQLiteCodec.metadata(metadata, connection.path) : [:],
            document: include.contains(.document) ? document : nil)
    }

    static func vector(_ rowID: Int64, _ connection: SQLiteConnection) throws(StoreError) -> [Float] {
        let vector = try connection.first(
            "SELECT norm, checksum, vector FROM stores_vectors WHERE record_id = ?1", [.int(rowID)]
        ) { row in
            checksum(row.real(0), row.unowned(2)) == row.int(1) ? SQLiteCodec.vector(row.unowned(2)) : nil
        }
        guard case .some(.some(let vector)) = vector else {
            throw .corruptFile(connection.path, "a vector does not fit its checksum")
        }
        return vector
    }
}
#endif
