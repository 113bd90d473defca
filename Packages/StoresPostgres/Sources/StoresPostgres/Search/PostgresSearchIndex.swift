import StoresCore

/// A search index as the schema has it: a table of its own, named by its number, with a column of words for each text
/// field.
struct PostgresSearchIndex: Sendable {
    struct TextField: Sendable {
        var name: String
        /// A number in the table's column names.
        var number: Int
        var analyzer: TextAnalyzer

        var words: String { "words_\(number)" }
        var wordCount: String { "word_count_\(number)" }
    }

    var id: Int64
    var spec: SearchIndexSpec

    var table: String { Self.table(id) }
    static func table(_ id: Int64) -> String { "search_\(id)" }

    /// In UTF-8 order of their names.
    var textFields: [TextField] {
        spec.textFields.enumerated().compactMap { number, name in
            guard case .text(let analyzer)? = spec.fields[name] else { return nil }
            return TextField(name: name, number: number, analyzer: analyzer)
        }
    }

    static let columns = "index_id, name, fields"

    init(id: Int64, spec: SearchIndexSpec) {
        (self.id, self.spec) = (id, spec)
    }

    init(_ row: PostgresRow) throws(StoreError) {
        var fields: [String: SearchFieldType] = [:]
        for (name, shape) in try PostgresJSON.strings(try row.json(2)) {
            guard let type = Self.type(shape) else {
                throw PostgresJSON.damaged("an index's description can't be read")
            }
            fields[name] = type
        }
        self.init(id: try row.int(0), spec: SearchIndexSpec(name: try row.text(1), fields: fields))
    }

    static func encode(_ fields: [String: SearchFieldType]) throws(StoreError) -> [UInt8] {
        try PostgresJSON.encode(fields.mapValues(\.shape))
    }

    private static func type(_ shape: String) -> SearchFieldType? {
        let types: [SearchFieldType] =
            [.keyword, .number, .instant, .bool] + TextAnalyzer.allCases.map(SearchFieldType.text)
        return types.first { $0.shape == shape }
    }

    /// What makes the index's table. Names are made of numbers.
    func createTable() -> [String] {
        let columns = textFields.map {
            ",\n    \($0.words) text NOT NULL,\n    \($0.wordCount) integer NOT NULL"
        }.joined()
        return [
            "CREATE TABLE \(table) (id text COLLATE \"C\" PRIMARY KEY, fields jsonb NOT NULL\(columns))",
            "CREATE INDEX \(table)_fields ON \(table) USING gin (fields jsonb_path_ops)",
        ]
            + textFields.map {
                "CREATE INDEX \(table)_\($0.words) ON \(table) USING gin (words_vector(\($0.words)))"
            }
    }
}
