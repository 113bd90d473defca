public import StoresCore

extension PostgresPool {
    /// The COPY of a bulk upsert by itself, to be measured next to psql's: the same encoding and the same path to the
    /// server, without a look at which records are there.
    ///
    /// - Parameters:
    ///   - records: Of a collection with the cosine metric, as many dimensions as the first one has.
    ///   - table: With the columns of a collection's table; a name that needs no quotes.
    /// - Returns: How many rows the server took.
    @_spi(Benchmarks)
    public func copyVectors(_ records: [VectorRecord], into table: String, deadline: Deadline)
        async throws(StoreError) -> Int
    {
        let spec = VectorCollectionSpec(name: table, dimensions: records.first?.vector.count ?? 1)
        let collection = PostgresCollection(
            id: 0, spec: spec, options: try PostgresCollectionOptions([:]), isIndexed: false)
        var batch: [PostgresVectorWrite] = []
        batch.reserveCapacity(records.count)
        for record in records { batch.append(try PostgresVectorWrite(record, collection)) }
        let rows = PostgresVectorCopy(batch, "default", types)
        return try await withConnection(deadline: deadline) { lease throws(StoreError) in
            try await lease.copyIn(
                "COPY \(table) (namespace, \(PostgresVectorWrite.columns)) FROM STDIN (FORMAT binary)"
            ) { () throws(StoreError) in try rows.next() }
        }
    }
}
