import Synchronization

/// The reference for the vector tier: exact search over vectors in memory, one namespace apart from the other.
///
/// A query reads every vector that its filter leaves, in double precision for what it returns. Memory: the vectors
/// once, ids, metadata and documents, and, for fields that filters use, two bytes for each record and field. Documents
/// are indexed at the first text query.
public final class InMemoryVectorDriver: TextVectorDriver {
    private final class Collection: Sendable {
        let spec: VectorCollectionSpec
        let namespaces = Mutex<[ByteKey: VectorNamespace]>([:])

        init(_ spec: VectorCollectionSpec) { self.spec = spec }
    }

    private let behavior: InMemoryBehavior
    private let stored = Mutex<[ByteKey: Collection]>([:])

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    // MARK: Collections

    public func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        try behavior.perform(.vector, "ensureCollection", context) { () throws(StoreError) in
            if mode == .off { return spec }
            if let option = spec.options.keys.min() {
                throw .invalidArgument(
                    "the in-memory vector store has no collection options; got \(Redaction.name(option))",
                    resource: spec.name)
            }
            let existing = stored.withLock { collections in
                if mode == .create, collections[ByteKey(spec.name)] == nil {
                    collections[ByteKey(spec.name)] = Collection(spec)
                }
                return collections[ByteKey(spec.name)]
            }
            guard let existing else { throw Self.missing(spec.name) }
            guard existing.spec.hasSameShape(as: spec) else {
                throw StoreError(
                    .schemaMismatch,
                    "the collection exists as \(existing.spec.shape), and is wanted as \(spec.shape)",
                    remedy: "use another name, or drop the collection and fill it anew", resource: spec.name,
                    applied: .no, conflict: .schema(found: existing.spec.shape, wanted: spec.shape))
            }
            return existing.spec
        }
    }

    public func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        try behavior.perform(.vector, "collections", context) { () throws(StoreError) in
            stored.withLock { collections in
                collections.sorted { $0.key < $1.key }.map(\.value.spec)
            }
        }
    }

    public func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try behavior.perform(.vector, "dropCollection", context) { () throws(StoreError) in
            stored.withLock { $0.removeValue(forKey: ByteKey(name)) != nil }
        }
    }

    // MARK: Writing

    public func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try behavior.perform(.vector, "upsert", context) { () throws(StoreError) in
            let collection = try collection(of: target)
            for record in records {
                try Self.check(record.vector, collection.spec, "the vector of record \(Redaction.name(record.id))")
            }
            let distinct = records.lastOfEach(by: \.id)
            let isSearchable = Self.namespace(target, of: collection, behavior)
                .upsert(distinct, visibility, at: context.now)
            return WriteReceipt(result: BulkResult(succeeded: distinct.map(\.id)), isSearchable: isSearchable)
        }
    }

    public func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        try behavior.perform(.vector, "delete", context) { () throws(StoreError) in
            guard let namespace = try namespace(target) else { return 0 }
            switch selection {
            case .ids(let ids): return namespace.remove(ids.map(ByteKey.init), at: context.now)
            case .all: return namespace.removeAll(at: context.now)
            case .filter(let filter):
                let compiled = CompiledFilter(filter)
                let ids = try namespace.latest.ids(where: compiled) { () throws(StoreError) in
                    try context.check("vector.delete", applied: .no)
                }
                return namespace.remove(ids, where: compiled, at: context.now)
            }
        }
    }

    // MARK: Reading

    public func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        try behavior.perform(.vector, "get", context) { () throws(StoreError) in
            try namespace(target)?.latest.get(ids, include) ?? []
        }
    }

    public func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> VectorMatches
    {
        try behavior.perform(.vector, "query", context) { () throws(StoreError) in
            try Self.check(query.vector, try collection(of: target).spec, "the query vector")
            guard let space = try namespace(target)?.searchable(at: context.now) else {
                return VectorMatches(matches: [])
            }
            return VectorMatches(
                matches: try space.query(query) { () throws(StoreError) in try context.check("vector.query") })
        }
    }

    public func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> VectorMatches
    {
        try behavior.perform(.vector, "textQuery", context) { () throws(StoreError) in
            guard let space = try namespace(target)?.searchable(at: context.now) else {
                return VectorMatches(matches: [])
            }
            return VectorMatches(
                matches: try space.textQuery(query) { () throws(StoreError) in try context.check("vector.textQuery") })
        }
    }

    public func count(where filter: Filter?, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        try behavior.perform(.vector, "count", context) { () throws(StoreError) in
            guard let space = try namespace(target)?.searchable(at: context.now) else { return 0 }
            guard let filter else { return space.count }
            return try space.ids(where: CompiledFilter(filter)) { () throws(StoreError) in
                try context.check("vector.count")
            }.count
        }
    }

    public func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Page<StoredVectorRecord>
    {
        try behavior.perform(.vector, "scroll", context) { () throws(StoreError) in
            var after: ByteKey?
            if let cursor = request.cursor {
                guard cursor.rawValue.hasBytePrefix(Self.cursorPrefix) else {
                    throw .invalidArgument("the cursor is none of this store's scrolls")
                }
                after = ByteKey(
                    String(Substring(cursor.rawValue.utf8.dropFirst(Self.cursorPrefix.utf8.count))))
            }
            guard let space = try namespace(target)?.latest else { return Page(items: [], next: nil) }
            let page = try space.scroll(
                after: after, request.filter.map(CompiledFilter.init), limit: max(1, request.limit), request.include
            ) { () throws(StoreError) in try context.check("vector.scroll") }
            return Page(
                items: page.records, next: page.last.map { Cursor(rawValue: Self.cursorPrefix + $0.text) })
        }
    }

    /// A cursor is the last id visited: it stays valid whatever is written meanwhile.
    private static let cursorPrefix = "after:"

    // MARK: Look-up

    private static func missing(_ name: String) -> StoreError {
        StoreError(
            .notFound, "there is no such collection", remedy: "ensure it first, with the schema mode create",
            resource: name, applied: .no)
    }

    private func collection(of target: VectorTarget) throws(StoreError) -> Collection {
        guard let found = stored.withLock({ $0[ByteKey(target.collection.name)] }) else {
            throw Self.missing(target.collection.name)
        }
        return found
    }

    /// Nil when nothing was written to it yet.
    private func namespace(_ target: VectorTarget) throws(StoreError) -> VectorNamespace? {
        try collection(of: target).namespaces.withLock { $0[ByteKey(target.namespace)] }
    }

    private static func namespace(
        _ target: VectorTarget, of collection: Collection, _ behavior: InMemoryBehavior
    ) -> VectorNamespace {
        collection.namespaces.withLock { namespaces in
            if let namespace = namespaces[ByteKey(target.namespace)] { return namespace }
            let namespace = VectorNamespace(spec: collection.spec, delay: behavior.visibilityDelay)
            namespaces[ByteKey(target.namespace)] = namespace
            return namespace
        }
    }

    private static func check(_ vector: [Float], _ spec: VectorCollectionSpec, _ what: String) throws(StoreError) {
        if let problem = spec.problem(with: vector) {
            throw .invalidArgument("\(what) \(problem)", resource: spec.name)
        }
    }
}
