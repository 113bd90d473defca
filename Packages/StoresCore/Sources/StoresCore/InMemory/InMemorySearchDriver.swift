import Synchronization

/// Documents in memory: the reference for the search tier. Ranked by ``InvertedIndex``.
///
/// With a visibility delay, `search` and `count` see a write when the injected clock has moved that far; `get` and
/// `delete` see it at once. A write that waits (`.searchable(within:)` at least the delay) counts as having waited.
public final class InMemorySearchDriver: SearchDriver {
    private let behavior: InMemoryBehavior
    private let indexes = Mutex<[ByteKey: InMemorySearchIndex]>([:])

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    public func ensureIndex(_ spec: SearchIndexSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> SearchIndexSpec
    {
        try behavior.perform(.search, "ensureIndex", context) { () throws(StoreError) -> SearchIndexSpec in
            try indexes.withLock { (indexes) throws(StoreError) -> SearchIndexSpec in
                if let index = indexes[ByteKey(spec.name)] { return index.spec }
                guard mode == .create else { throw Self.missing(spec.name) }
                indexes[ByteKey(spec.name)] = InMemorySearchIndex(spec)
                return spec
            }
        }
    }

    public func indexes(context: CallContext) async throws(StoreError) -> [SearchIndexSpec] {
        try behavior.perform(.search, "indexes", context) {
            indexes.withLock { indexes in indexes.keys.sorted().compactMap { indexes[$0]?.spec } }
        }
    }

    public func dropIndex(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try behavior.perform(.search, "dropIndex", context) {
            indexes.withLock { $0.removeValue(forKey: ByteKey(name)) != nil }
        }
    }

    public func upsert(
        _ documents: [SearchDocument], into index: SearchIndexSpec, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        let delay = behavior.visibilityDelay
        let isSearchable =
            switch visibility {
            case .accepted: delay <= .zero
            case .searchable(let within): delay <= within
            }
        return try perform("upsert", index, context) { index, now in
            for document in documents {
                index.upsert(document, visibleAt: now.advanced(by: max(.zero, delay)))
            }
            // What waited, waited for all that was written before it, too.
            if isSearchable { index.refresh(now.advanced(by: max(.zero, delay))) }
            return WriteReceipt(result: BulkResult(succeeded: documents.map(\.id)), isSearchable: isSearchable)
        }
    }

    public func get(_ ids: [String], from index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> [SearchDocument]
    {
        try perform("get", index, context) { index, _ in ids.compactMap { index.document($0) } }
    }

    public func delete(_ selection: RecordSelection, from index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> Int
    {
        let delay = max(.zero, behavior.visibilityDelay)
        return try perform("delete", index, context) { index, now in
            index.delete(selection, visibleAt: now.advanced(by: delay))
        }
    }

    public func search(_ request: SearchRequest, in index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> SearchResults
    {
        try perform("search", index, context) { (index, _) throws(StoreError) -> SearchResults in
            try index.search(request)
        }
    }

    public func count(where filter: Filter?, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> Int
    {
        try perform("count", index, context) { index, _ in index.count(filter) }
    }

    private func perform<T: Sendable>(
        _ operation: String, _ spec: SearchIndexSpec, _ context: CallContext,
        _ body: (inout InMemorySearchIndex, Timestamp) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try behavior.perform(.search, operation, context) { () throws(StoreError) -> T in
            let now = context.now
            return try indexes.withLock { (indexes) throws(StoreError) -> T in
                let key = ByteKey(spec.name)
                // Taken out while it is changed, so that no copy is made.
                guard var index = indexes.removeValue(forKey: key) else { throw Self.missing(spec.name) }
                defer { indexes[key] = index }
                index.refresh(now)
                return try body(&index, now)
            }
        }
    }

    private static func missing(_ name: String) -> StoreError {
        StoreError(
            .notFound, "there is no such index", remedy: "ensure it first, in mode create", resource: name,
            applied: .no)
    }
}
