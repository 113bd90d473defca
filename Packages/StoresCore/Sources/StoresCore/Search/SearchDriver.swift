/// What an adapter implements for the search tier.
public protocol SearchDriver: Sendable {
    /// As ``VectorDriver/ensureCollection(_:mode:context:)``.
    func ensureIndex(_ spec: SearchIndexSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> SearchIndexSpec

    func indexes(context: CallContext) async throws(StoreError) -> [SearchIndexSpec]

    /// False when it was not there.
    func dropIndex(_ name: String, context: CallContext) async throws(StoreError) -> Bool

    /// Replaces whole documents; ids are distinct within the batch. No item's error is swallowed (T4).
    func upsert(
        _ documents: [SearchDocument], into index: SearchIndexSpec, visibility: Visibility, context: CallContext
    )
        async throws(StoreError) -> WriteReceipt

    /// The documents that exist, in the order asked for.
    func get(_ ids: [String], from index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> [SearchDocument]

    /// Removes by id, by filter or all, and returns how many were there.
    func delete(_ selection: RecordSelection, from index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> Int

    /// One page of hits, score descending, then id ascending; total and facets are of all matches.
    func search(_ request: SearchRequest, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> SearchResults

    /// How many documents the index holds, or the filter matches.
    func count(where filter: Filter?, in index: SearchIndexSpec, context: CallContext) async throws(StoreError) -> Int
}
