import StoresCore

/// Facts as they are selected.
enum PostgresFactRow {
    /// The columns that ``fact(_:_:)`` reads, of alias `f`.
    static let columns = """
        f.scope, f.long_scope, f.id, f.content, f.attributes, f.created_at, f.updated_at, f.version, f.expires_at,
        f.source
        """
    static let columnCount = 10

    /// True of the facts that are seen at the instant.
    static func visible(_ now: Timestamp, _ arguments: inout PostgresArguments) -> String {
        let now = arguments.bind(.int8(now.millisecondsSinceEpoch))
        return "NOT f.is_deleted AND (f.expires_at IS NULL OR f.expires_at > \(now))"
    }

    static func fact(_ row: PostgresRow, from first: Int = 0) throws(StoreError) -> Fact {
        Fact(
            id: try row.text(first + 2),
            scope: PostgresScope.scope(key: try row.bytes(first), long: try row.optionalBytes(first + 1)),
            content: try row.text(first + 3), attributes: try PostgresJSON.metadata(try row.json(first + 4)),
            createdAt: Timestamp(millisecondsSinceEpoch: try row.int(first + 5)),
            updatedAt: Timestamp(millisecondsSinceEpoch: try row.int(first + 6)), version: try row.int(first + 7),
            expiresAt: try row.optionalInt(first + 8).map(Timestamp.init(millisecondsSinceEpoch:)),
            source: try row.optionalText(first + 9))
    }
}
