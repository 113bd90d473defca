#if SQLite
import StoresCore

/// One namespace of one collection, found by name within a transaction.
///
/// Its records are the row ids from `partition << 36`: side by side on the file's pages, so that a scan of one
/// namespace reads nothing of another.
struct SQLiteVectorPartition {
    static let bits: Int64 = 36
    private static let maxPartition: Int64 = 1 << 26

    var collectionID: Int64
    /// Nil while nothing was ever written to the namespace.
    var partitionID: Int64?

    var first: Int64 { (partitionID ?? 0) << Self.bits }
    var last: Int64 { first | ((1 << Self.bits) - 1) }
    var range: [SQLiteValue] { [.int(first), .int(last)] }

    /// The FTS5 table of the collection's documents.
    var words: String { Self.words(collectionID) }

    static func words(_ collectionID: Int64) -> String { "stores_vector_words_\(collectionID)" }

    static func find(_ target: VectorTarget, _ connection: SQLiteConnection, creating: Bool = false)
        throws(StoreError) -> SQLiteVectorPartition
    {
        let found = try connection.first(
            """
            SELECT c.collection_id, p.partition_id FROM stores_vector_collections c
            LEFT JOIN stores_vector_partitions p ON p.collection_id = c.collection_id AND p.namespace = ?2
            WHERE c.name = ?1
            """,
            [.text(target.collection.name), .text(target.namespace)]
        ) { SQLiteVectorPartition(collectionID: $0.int(0), partitionID: $0.optionalInt(1)) }
        guard var partition = found else {
            throw StoreError(
                .notFound, "the collection does not exist",
                remedy: "open it with schema mode create, which makes it", resource: target.collection.name,
                applied: .no)
        }
        if creating, partition.partitionID == nil {
            try connection.run(
                "INSERT INTO stores_vector_partitions (collection_id, namespace) VALUES (?1, ?2)",
                [.int(partition.collectionID), .text(target.namespace)])
            partition.partitionID = connection.lastInsertedRow
        }
        if let partitionID = partition.partitionID {
            guard (1...maxPartition).contains(partitionID) else {
                throw StoreError(
                    .tooLarge, "the file has had more than \(maxPartition) namespaces", applied: .no)
            }
        }
        return partition
    }
}
#endif
