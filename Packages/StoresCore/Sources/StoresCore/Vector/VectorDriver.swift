/// What an adapter implements for the vector tier. The tier type ``VectorStore`` has validated every argument, split
/// batches, and handles retries, telemetry and refusals; a driver translates.
///
/// Similarities follow V6 (higher is better, native to the metric); the core derives `score`. Results are ordered by
/// similarity descending, then id ascending by UTF-8 bytes.
public protocol VectorDriver: Sendable {
    /// Creates the collection if it is missing (mode `.create`) and returns the shape that is there.
    /// In mode `.verify` a missing collection throws `notFound`. Never alters or drops.
    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> VectorCollectionSpec

    /// Every collection's shape, by name in UTF-8 order.
    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec]

    /// Removes the collection with its records in every namespace. False when it was not there.
    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool

    /// Replaces whole records (V4). Ids are distinct within the batch.
    func upsert(_ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext)
        async throws(StoreError) -> WriteReceipt

    /// The records that exist, in the order asked for.
    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]

    /// The nearest records that the filter matches, at most `limit`, each with its similarity and what `include` asks
    /// for. Fewer than match only with `isComplete == false` (V9).
    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches

    /// Removes by id, by filter, or everything in the namespace, and returns how many were there.
    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int

    /// How many records the namespace holds, or the filter matches.
    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int

    /// One page of all records, in an order that stays fixed while records are added and removed (V14).
    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
}

/// Rank records by the text of their documents (capability `textQuery`). Similarities are nil: ranks only.
public protocol TextVectorDriver: VectorDriver {
    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
}

/// Text and vector fused by the backend itself. Without it the core fuses `query` and `textQuery` (V12).
public protocol HybridVectorDriver: TextVectorDriver {
    func hybridQuery(
        _ text: VectorTextQuery, _ vector: [Float], in target: VectorTarget, context: CallContext
    ) async throws(StoreError) -> VectorMatches
}

/// Where an operation works: one namespace of one collection, whose shape is known.
public struct VectorTarget: Sendable, Hashable {
    public var collection: VectorCollectionSpec
    /// 1 to 128 UTF-8 bytes; `default` unless the caller chose one.
    public var namespace: String

    public init(collection: VectorCollectionSpec, namespace: String) {
        self.collection = collection
        self.namespace = namespace
    }
}

/// A nearest-neighbour query.
public struct VectorQuery: Sendable, Hashable {
    public var vector: [Float]
    public var filter: Filter?
    /// At least 1.
    public var limit: Int
    /// Inclusive lower bound of `similarity`, a little below what the caller's `minScore` stands for; the tier type
    /// drops what the driver found in between.
    public var minSimilarity: Double?
    public var include: VectorInclude

    public init(
        vector: [Float], filter: Filter? = nil, limit: Int, minSimilarity: Double? = nil,
        include: VectorInclude = .metadata
    ) {
        self.vector = vector
        self.filter = filter
        self.limit = limit
        self.minSimilarity = minSimilarity
        self.include = include
    }
}

/// A query over the records' documents.
public struct VectorTextQuery: Sendable, Hashable {
    public var text: String
    public var filter: Filter?
    public var limit: Int
    public var include: VectorInclude

    public init(text: String, filter: Filter? = nil, limit: Int, include: VectorInclude = .metadata) {
        self.text = text
        self.filter = filter
        self.limit = limit
        self.include = include
    }
}

/// What a delete removes: records by id, those that a filter matches, or all of the namespace or index.
public enum RecordSelection: Sendable, Hashable {
    case ids([String])
    case filter(Filter)
    case all
}

public struct VectorScroll: Sendable, Hashable {
    public var filter: Filter?
    public var cursor: Cursor?
    public var limit: Int
    public var include: VectorInclude

    public init(filter: Filter? = nil, cursor: Cursor? = nil, limit: Int, include: VectorInclude = .metadata) {
        self.filter = filter
        self.cursor = cursor
        self.limit = limit
        self.include = include
    }
}

/// What opening a collection, index or schema may do. It never drops or rewrites data (X5).
public enum SchemaMode: String, Sendable, Hashable, CaseIterable {
    /// Create what is missing, verify what is there.
    case create
    /// Create nothing; a missing or different shape is an error.
    case verify
    /// Trust the caller: no look at all.
    case off
}
