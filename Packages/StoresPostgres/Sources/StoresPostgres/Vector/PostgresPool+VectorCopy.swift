public import StoresCore

/// Records as a bulk upsert has them when its COPY begins.
@_spi(Benchmarks)
public struct PostgresVectorBatch: Sendable {
    let records: [VectorRecord]
    let collection: PostgresCollection

    /// - Parameter records: Of a collection with the cosine metric, as many dimensions as the first one has.
    public init(_ records: [VectorRecord]) throws(StoreError) {
        let spec = VectorCollectionSpec(name: "batch", dimensions: records.first?.vector.count ?? 1)
        collection = PostgresCollection(
            id: 0, spec: spec, options: try PostgresCollectionOptions([:]), isIndexed: false)
        self.records = PostgresVectorDriver.sorted(records)
    }
}

extension PostgresPool {
    /// The COPY of a bulk upsert by itself, to be measured next to psql's: the same encoding and the same path to the
    /// server, without a look at which records are there.
    ///
    /// - Parameter table: With the columns of a collection's table; a name that needs no quotes.
    /// - Returns: How many rows the server took.
    @_spi(Benchmarks)
    public func copy(_ batch: PostgresVectorBatch, into table: String, deadline: Deadline)
        async throws(StoreError) -> Int
    {
        let rows = PostgresVectorCopy(batch.records, batch.collection, "default", types)
        return try await withConnection(deadline: deadline) { lease throws(StoreError) in
            try await lease.copyIn(
                "COPY \(table) (namespace, \(PostgresVectorWrite.columns)) FROM STDIN (FORMAT binary)"
            ) { () throws(StoreError) in try rows.next() }
        }
    }
}
