#if SQLite
import StoresCore

/// One search index: its number, and for each text field a column of its FTS5 table.
struct SQLiteSearchIndex {
    var id: Int64
    var spec: SearchIndexSpec

    /// The names are made of numbers.
    var words: String { Self.words(id) }

    static func words(_ id: Int64) -> String { "stores_search_words_\(id)" }

    static func column(_ number: Int) -> String { "field\(number)" }

    /// The text fields with their columns, in UTF-8 order of their names.
    var textFields: [(name: String, column: String, analyzer: TextAnalyzer)] { Self.textFields(spec) }

    static func textFields(_ spec: SearchIndexSpec) -> [(name: String, column: String, analyzer: TextAnalyzer)] {
        spec.textFields.enumerated().compactMap { number, name in
            guard case .text(let analyzer)? = spec.fields[name] else { return nil }
            return (name, column(number), analyzer)
        }
    }

    /// FTS5's statement; a table has at least one column.
    static func createWords(_ id: Int64, _ spec: SearchIndexSpec) -> String {
        let columns = max(1, spec.textFields.count)
        let names = (0..<columns).map(column).joined(separator: ", ")
        return "CREATE VIRTUAL TABLE \(words(id)) USING fts5 (\(names), \(SQLiteWords.tokenizer))"
    }

    static func find(_ name: String, _ connection: SQLiteConnection) throws(StoreError) -> SQLiteSearchIndex? {
        try connection.first(
            "SELECT index_id, name, fields FROM stores_search_indexes WHERE name = ?1", [.text(name)]
        ) { (row) throws(StoreError) in
            SQLiteSearchIndex(id: row.int(0), spec: try spec(row, connection))
        }
    }

    static func require(_ name: String, _ connection: SQLiteConnection) throws(StoreError) -> SQLiteSearchIndex {
        guard let index = try find(name, connection) else {
            throw StoreError(
                .notFound, "the index does not exist", remedy: "open it with schema mode create, which makes it",
                resource: name, applied: .no)
        }
        return index
    }

    static func spec(_ row: SQLiteRow, _ connection: SQLiteConnection) throws(StoreError) -> SearchIndexSpec {
        guard case .object(let stored)? = try? JSONReader.value(from: row.bytes(2)) else {
            throw .corruptFile(connection.path, "an index's description can't be read")
        }
        var fields: [String: SearchFieldType] = [:]
        for (name, value) in stored {
            guard case .string(let text) = value, let type = type(text) else {
                throw .corruptFile(connection.path, "an index's description can't be read")
            }
            fields[name] = type
        }
        return SearchIndexSpec(name: row.text(1), fields: fields)
    }

    static func encode(_ fields: [String: SearchFieldType]) -> String {
        Value.object(fields.mapValues { .string(name($0)) }).json
    }

    private static func name(_ type: SearchFieldType) -> String {
        switch type {
        case .keyword: "keyword"
        case .number: "number"
        case .instant: "instant"
        case .bool: "bool"
        case .text(let analyzer): "text " + analyzer.rawValue
        }
    }

    private static func type(_ name: String) -> SearchFieldType? {
        switch name {
        case "keyword": .keyword
        case "number": .number
        case "instant": .instant
        case "bool": .bool
        default: name.hasPrefix("text ") ? TextAnalyzer(rawValue: String(name.dropFirst(5))).map { .text($0) } : nil
        }
    }
}
#endif
