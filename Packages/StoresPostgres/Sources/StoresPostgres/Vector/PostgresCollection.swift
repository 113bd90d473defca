import StoresCore

/// A collection as the schema has it: a table of its own, named by its number.
struct PostgresCollection: Sendable {
    var id: Int64
    var spec: VectorCollectionSpec
    var options: PostgresCollectionOptions
    /// Whether the index is there: one that is built later is not, at first.
    var isIndexed: Bool

    var table: String { Self.table(id) }
    static func table(_ id: Int64) -> String { "vector_\(id)" }

    var fields: [PostgresFieldColumn] { PostgresFieldColumn.columns(of: spec.fields) }

    static let columns = "collection_id, name, dimensions, metric, has_unit_vectors, fields, options, is_indexed"

    init(id: Int64, spec: VectorCollectionSpec, options: PostgresCollectionOptions, isIndexed: Bool) {
        self.id = id
        self.spec = spec
        self.options = options
        self.isIndexed = isIndexed
    }

    init(_ row: PostgresRow) throws(StoreError) {
        guard let metric = VectorMetric(rawValue: try row.text(3)), let fields = Self.fields(try row.json(5)) else {
            throw PostgresJSON.damaged("a collection's description can't be read")
        }
        let options = try PostgresJSON.strings(try row.json(6))
        self.init(
            id: try row.int(0),
            spec: VectorCollectionSpec(
                name: try row.text(1), dimensions: Int(try row.int(2)), metric: metric, fields: fields,
                hasUnitVectors: try row.bool(4), options: options),
            options: try PostgresCollectionOptions(options), isIndexed: try row.bool(7))
    }

    /// What makes the collection's table. Names are made of numbers.
    func createTable() -> [String] {
        let columns = fields.map { ",\n    \($0.definition(of: "metadata"))" }.joined()
        var statements = [
            """
            CREATE TABLE \(table) (
                namespace text COLLATE "C" NOT NULL,
                id text COLLATE "C" NOT NULL,
                embedding vector(\(spec.dimensions)) NOT NULL,
                metadata jsonb NOT NULL,
                document text,
                words text NOT NULL,
                word_count integer NOT NULL\(columns),
                PRIMARY KEY (namespace, id)
            )
            """,
            """
            CREATE INDEX \(table)_words ON \(table) USING gin (words_vector(words)) WHERE words <> ''
            """,
        ]
        if spec.fields.contains(where: \.isIndexed) {
            statements.append("CREATE INDEX \(table)_metadata ON \(table) USING gin (metadata jsonb_path_ops)")
        }
        for field in fields {
            statements.append(
                "CREATE INDEX \(table)_\(field.name) ON \(table) (namespace, \(field.name))")
        }
        if options.build == .now, let index = options.createIndex(of: table, spec, records: 0) {
            statements.append(index)
        }
        return statements
    }

    static func encode(_ fields: [FieldDefinition]) throws(StoreError) -> [UInt8] {
        try PostgresJSON.encode(
            Value.array(
                fields.map { field in
                    .object([
                        "path": .array(field.path.segments.map(Value.string)), "type": .string(field.type.rawValue),
                        "indexed": .bool(field.isIndexed),
                    ])
                }))
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
