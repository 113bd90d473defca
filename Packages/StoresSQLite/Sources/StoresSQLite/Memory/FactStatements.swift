#if SQLite
import StoresCore

/// The statements that a batch of facts runs for each row, each prepared at its first use: to look one up by its
/// text again and again would take a good part of the time that SQLite needs for the row.
final class FactStatements {
    enum Name: Int, CaseIterable {
        case find, insert, update, insertWords, insertLine

        fileprivate var sql: String {
            switch self {
            case .find: "SELECT \(SQLiteFacts.columns) FROM stores_facts f WHERE f.scope = ?1 AND f.id = ?2"
            case .insert:
                """
                INSERT INTO stores_facts (scope, id, content, attributes, created_at, updated_at, version,
                expires_at, source, embedding, is_deleted, checksum)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11)
                ON CONFLICT (scope, id) DO NOTHING
                """
            case .update:
                """
                UPDATE stores_facts SET scope = ?1, id = ?2, content = ?3, attributes = ?4, created_at = ?5,
                updated_at = ?6, version = ?7, expires_at = ?8, source = ?9, embedding = ?10, is_deleted = 0,
                checksum = ?11 WHERE fact_id = ?12
                """
            case .insertWords: "INSERT INTO stores_fact_words (rowid, words) VALUES (?1, ?2)"
            case .insertLine:
                """
                INSERT INTO stores_fact_history (fact_id, change, at, content, attributes, created_at, updated_at,
                version, expires_at, source, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                """
            }
        }
    }

    private let connection: SQLiteConnection
    private var prepared: [SQLiteQuery?] = Array(repeating: nil, count: Name.allCases.count)

    init(_ connection: SQLiteConnection) {
        self.connection = connection
    }

    func callAsFunction(_ name: Name) throws(StoreError) -> SQLiteQuery {
        if let query = prepared[name.rawValue] { return query }
        let query = try connection.prepare(name.sql)
        prepared[name.rawValue] = query
        return query
    }
}
#endif
