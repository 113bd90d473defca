import StoresCore

/// The columns of an event, and back.
enum PostgresEventRow {
    static let columns =
        "transaction, sequence, stream, revision, id, type, content_type, metadata, recorded_at, data"

    /// - Parameter first: The column of `transaction`.
    static func event(_ row: PostgresRow, at first: Int) throws(StoreError) -> RecordedEvent {
        let position = PostgresPosition(
            transaction: try row.xid8(first), sequence: UInt64(clamping: try row.int(first + 1)))
        let event = NewEvent(
            id: try row.text(first + 4), type: try row.text(first + 5), data: try row.bytes(first + 9),
            contentType: try row.text(first + 6), metadata: try PostgresJSON.strings(row.json(first + 7)))
        return RecordedEvent(
            stream: try row.text(first + 2), revision: try row.int(first + 3), position: position.position,
            event: event, recordedAt: try row.timestamp(first + 8))
    }
}
