#if SQLite
import StoresCore

extension SQLiteVectorDriver {
    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        if mode == .off { return spec }
        if let unknown = spec.options.keys.min(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            throw .invalidArgument("SQLite has no collection option \(Redaction.name(unknown))")
        }
        let found = try await backend.read(context) { (connection) throws(StoreError) in
            try Self.collections(connection, named: spec.name).first
        }
        if let found { return found }
        guard mode == .create else {
            throw StoreError(
                .notFound, "the collection does not exist", remedy: "open it once with schema mode create",
                resource: spec.name, applied: .no)
        }
        return try await backend.write(context) { (connection) throws(StoreError) in
            // Somebody else may have been faster.
            if let found = try Self.collections(connection, named: spec.name).first { return found }
            try connection.run(
                """
                INSERT INTO stores_vector_collections (name, dimensions, metric, has_unit_vectors, fields)
                VALUES (?1, ?2, ?3, ?4, ?5)
                """,
                [
                    .text(spec.name), SQLiteValue(spec.dimensions), .text(spec.metric.rawValue),
                    .int(spec.hasUnitVectors ? 1 : 0), .text(Self.encode(spec.fields)),
                ])
            let words = SQLiteVectorPartition.words(connection.lastInsertedRow)
            try connection.script("CREATE VIRTUAL TABLE \(words) USING fts5 (words, \(SQLiteWords.tokenizer))")
            return spec
        }
    }

    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        try await backend.read(context) { (connection) throws(StoreError) in try Self.collections(connection) }
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try await backend.write(context) { (connection) throws(StoreError) in
            let id = try connection.firstInt(
                "SELECT collection_id FROM stores_vector_collections WHERE name = ?1", [.text(name)])
            guard let id else { return false }
            let partitions = try connection.all(
                "SELECT partition_id FROM stores_vector_partitions WHERE collection_id = ?1", [.int(id)]
            ) { SQLiteVectorPartition(collectionID: id, partitionID: $0.int(0)) }
            for partition in partitions {
                for table in ["stores_vector_records", "stores_vectors"] {
                    try connection.run(
                        "DELETE FROM \(table) WHERE record_id BETWEEN ?1 AND ?2", partition.range)
                }
            }
            try connection.run("DELETE FROM stores_vector_partitions WHERE collection_id = ?1", [.int(id)])
            try connection.run("DELETE FROM stores_vector_collections WHERE collection_id = ?1", [.int(id)])
            try connection.script("DROP TABLE IF EXISTS \(SQLiteVectorPartition.words(id))")
            return true
        }
    }

    private static func collections(_ connection: SQLiteConnection, named name: String? = nil)
        throws(StoreError) -> [VectorCollectionSpec]
    {
        try connection.all(
            """
            SELECT name, dimensions, metric, has_unit_vectors, fields FROM stores_vector_collections
            WHERE ?1 IS NULL OR name = ?1 ORDER BY name
            """,
            [SQLiteValue(name)]
        ) { (row) throws(StoreError) in
            guard let metric = VectorMetric(rawValue: row.text(2)), let fields = fields(row.bytes(4)) else {
                throw .corruptFile(connection.path, "a collection's description can't be read")
            }
            return VectorCollectionSpec(
                name: row.text(0), dimensions: Int(row.int(1)), metric: metric, fields: fields,
                hasUnitVectors: row.int(3) != 0)
        }
    }

    private static func encode(_ fields: [FieldDefinition]) -> String {
        Value.array(
            fields.map { field in
                .object([
                    "path": .array(field.path.segments.map(Value.string)), "type": .string(field.type.rawValue),
                    "indexed": .bool(field.isIndexed),
                ])
            }
        ).json
    }

    private static func fields(_ json: [UInt8]) -> [FieldDefinition]? {
        guard case .array(let values)? = try? JSONReader.value(from: json) else { return nil }
        var fields: [FieldDefinition] = []
        for value in values {
            guard case .object(let parts) = value, case .array(let segments)? = parts["path"],
                case .string(let name)? = parts["type"], let type = FieldType(rawValue: name),
                case .bool(let isIndexed)? = parts["indexed"]
            else { return nil }
            let path = segments.compactMap { if case .string(let segment) = $0 { segment } else { nil } }
            fields.append(FieldDefinition(FieldPath(path), type, isIndexed: isIndexed))
        }
        return fields
    }
}
#endif
