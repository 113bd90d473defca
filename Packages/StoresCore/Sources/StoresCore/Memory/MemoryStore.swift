/// The memory tier: long-term facts with scopes, versions, history and expiry.
///
/// ```swift
/// try await stores.memory.put(FactDraft(id: "home", scope: ["user", "ada"], content: "Ada lives in London"))
/// let facts = try await stores.memory.recall(text: "where does Ada live", scope: ["user", "ada"])
/// ```
public struct MemoryStore: Sendable {
    let runtime: TierRuntime
    let driver: any MemoryDriver

    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    // MARK: Writing

    /// Writes a fact and its history line.
    ///
    /// - Parameter ifVersion: 0 demands that it does not exist, n that its version is n; nil writes in any case.
    /// - Throws: `conflict` with `.version(current:)` when the demand is not met (M3).
    @discardableResult
    public func put(_ fact: FactDraft, ifVersion: Int64? = nil, deadline: Deadline? = nil) async throws(StoreError)
        -> Fact
    {
        let put = FactPut(draft: fact, ifVersion: ifVersion)
        try runtime.check("put", fact.id) { () throws(StoreError) in try validate(put) }
        // A second run would count the version up twice: not idempotent.
        return try await runtime.call("put", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            guard let result = try await driver.put([put], context: context).first else {
                throw runtime.missingAnswer("put")
            }
            return try result.mapError { $0.filling(resource: fact.id) }.get()
        }
    }

    /// Writes many facts, in order; each stands or fails alone. Split by the backend's limits.
    ///
    /// Ids in the result are the facts' ids; a call may hold the same id in several scopes.
    @discardableResult
    public func put(_ facts: [FactDraft], deadline: Deadline? = nil) async throws(StoreError) -> BulkResult {
        let operation = "put"
        for fact in facts {
            try runtime.check(operation, fact.id) { () throws(StoreError) in try validate(FactPut(draft: fact)) }
        }
        let deadline = deadline ?? .after(runtime.options.timeout)
        var results: [Result<Fact, StoreError>] = []
        let pieces = runtime.split(facts.count) { facts[$0].estimatedBytes }
        for range in pieces {
            do throws(StoreError) {
                results += try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
                    context throws(StoreError) in
                    try await driver.put(facts[range].map { FactPut(draft: $0) }, context: context)
                }
            } catch {
                guard pieces.count > 1 else { throw error }
                results += range.map { _ in .failure(error) }
            }
        }
        var bulk = BulkResult()
        for (fact, result) in zip(facts, results) {
            switch result {
            case .success: bulk.succeeded.append(fact.id)
            case .failure(let error):
                bulk.failed.append(BulkFailure(id: fact.id, error: runtime.complete(error, operation, fact.id)))
            }
        }
        runtime.telemetry.countItems(operation, nil, bulk)
        return bulk
    }

    /// Deletes one fact; its history ends with a delete line.
    ///
    /// - Returns: False when it was not there.
    @discardableResult
    public func delete(_ id: String, scope: Scope, ifVersion: Int64? = nil, deadline: Deadline? = nil)
        async throws(StoreError) -> Bool
    {
        try checkIdentity(id, scope, "delete")
        try checkVersion(ifVersion, "delete")
        return try await runtime.call("delete", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            try await driver.delete(id, scope: scope, ifVersion: ifVersion, context: context)
        }
    }

    /// Removes the facts of a scope and of all under it, with their history (M5).
    ///
    /// - Returns: How many facts were there.
    @discardableResult
    public func forget(scope: Scope, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try checkScope(scope, "forget")
        return try await runtime.call("forget", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            try await driver.forget(scope, context: context)
        }
    }

    /// Physically removes what has expired. Reads never see it, swept or not (M6).
    @discardableResult
    public func sweep(deadline: Deadline? = nil) async throws(StoreError) -> Int {
        try await runtime.call("sweep", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.sweep(context: context)
        }
    }

    // MARK: Reading

    /// One fact, or nil.
    public func get(_ id: String, scope: Scope, deadline: Deadline? = nil) async throws(StoreError) -> Fact? {
        try await get([id], scope: scope, deadline: deadline).first
    }

    /// The facts of one scope that exist, in the order asked for.
    public func get(_ ids: [String], scope: Scope, deadline: Deadline? = nil) async throws(StoreError) -> [Fact] {
        for id in ids { try checkIdentity(id, scope, "get") }
        return try await runtime.bulkRead("get", nil, ids, deadline: deadline) { ids, context throws(StoreError) in
            try await driver.get(ids, scope: scope, context: context)
        }
    }

    /// Every write of one fact, oldest first (M4).
    public func history(_ id: String, scope: Scope, deadline: Deadline? = nil) async throws(StoreError)
        -> [FactRevision]
    {
        try checkIdentity(id, scope, "history")
        try runtime.require(.memory(.history), "history")
        return try await runtime.call("history", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.history(id, scope: scope, context: context)
        }
    }

    /// A page of facts, ordered by scope, then id (M7).
    public func list(
        scope: Scope, depth: ScopeDepth = .subtree, where filter: Filter? = nil, cursor: Cursor? = nil,
        limit: Int = 100, deadline: Deadline? = nil
    ) async throws(StoreError) -> Page<Fact> {
        try checkScope(scope, "list")
        try runtime.checkLimit(limit, "list")
        try checkFilter(filter, "list")
        return try await runtime.call("list", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.list(
                FactListing(scope: scope, depth: depth, filter: filter, cursor: cursor, limit: limit),
                context: context)
        }
    }

    /// The facts whose content best fits the words, best first. Ranks only.
    public func recall(
        text: String, scope: Scope, depth: ScopeDepth = .subtree, where filter: Filter? = nil, limit: Int = 10,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> FactMatches {
        try runtime.require(.memory(.recallByText), "recall")
        return try await recall(
            FactRecall(cue: .text(text), scope: scope, depth: depth, filter: filter, limit: limit), deadline)
    }

    /// The facts whose embeddings are nearest by cosine, best first.
    ///
    /// - Parameter minScore: Inclusive, of (1 + cos) / 2.
    public func recall(
        vector: [Float], scope: Scope, depth: ScopeDepth = .subtree, where filter: Filter? = nil, limit: Int = 10,
        minScore: Double? = nil, deadline: Deadline? = nil
    ) async throws(StoreError) -> FactMatches {
        try runtime.require(.memory(.recallByVector), "recall")
        let cosine = VectorCollectionSpec(name: "facts", dimensions: max(1, vector.count), metric: .cosine)
        var minSimilarity: Double?
        try runtime.check("recall") { () throws(StoreError) in
            if let problem = cosine.problem(with: vector) { throw .invalidArgument("the query vector \(problem)") }
            if let minScore { minSimilarity = try cosine.minSimilarity(ofScore: minScore) }
        }
        var matches = try await recall(
            FactRecall(
                cue: .vector(vector), scope: scope, depth: depth, filter: filter, limit: limit,
                minSimilarity: minSimilarity), deadline)
        if let minScore { matches.matches.removeAll { !cosine.reaches(minScore, $0.similarity) } }
        for index in matches.matches.indices {
            matches.matches[index].score = matches.matches[index].similarity.flatMap(cosine.score)
        }
        return matches
    }

    private func recall(_ request: FactRecall, _ deadline: Deadline?) async throws(StoreError) -> FactMatches {
        try checkScope(request.scope, "recall")
        try runtime.checkLimit(request.limit, "recall")
        try checkFilter(request.filter, "recall")
        return try await runtime.call("recall", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.recall(request, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(_ type: Native.Type, _ body: (Native) async throws -> T) async throws
        -> T
    {
        try await body(try runtime.native(as: type))
    }
}

// MARK: Validation

extension MemoryStore {
    private func validate(_ put: FactPut) throws(StoreError) {
        try NameRules.check(put.draft.id, "id", maxBytes: NameRules.maxIDBytes)
        try put.draft.scope.validate()
        try MetadataRules.validate(put.draft.attributes, record: put.draft.id)
        if let version = put.ifVersion, version < 0 {
            throw .invalidArgument("ifVersion is at least 0; got \(version)")
        }
        if let most = capabilities.limits[.valueBytes], put.draft.content.utf8.count > most {
            throw StoreError(.tooLarge, "content has at most \(most) bytes here; got \(put.draft.content.utf8.count)")
        }
        if let embedding = put.draft.embedding {
            try runtime.require(.memory(.recallByVector), "put", reason: "the fact has an embedding")
            let cosine = VectorCollectionSpec(name: "facts", dimensions: max(1, embedding.count), metric: .cosine)
            if let problem = cosine.problem(with: embedding) { throw .invalidArgument("the embedding \(problem)") }
        }
        if put.draft.expiresAt != nil { try runtime.require(.memory(.expiry), "put") }
    }

    private func checkIdentity(_ id: String, _ scope: Scope, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in
            try NameRules.check(id, "id", maxBytes: NameRules.maxIDBytes)
            try scope.validate()
        }
    }

    private func checkScope(_ scope: Scope, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in try scope.validate() }
    }

    private func checkVersion(_ version: Int64?, _ operation: String) throws(StoreError) {
        if let version, version < 0 { throw runtime.refuse("ifVersion is at least 0; got \(version)", operation) }
    }

    private func checkFilter(_ filter: Filter?, _ operation: String) throws(StoreError) {
        try runtime.checkFilter(
            filter, filters: .memory(.filters), nested: .memory(.nestedFields), declared: [], operation)
    }
}

extension Scope {
    func validate() throws(StoreError) {
        guard (1...Self.maxSegments).contains(segments.count) else {
            throw .invalidArgument("a scope has 1 to \(Self.maxSegments) segments; got \(segments.count)")
        }
        for segment in segments { try NameRules.check(segment, "a scope segment", maxBytes: Self.maxSegmentBytes) }
    }
}

extension FactDraft {
    var estimatedBytes: Int {
        128 + id.utf8.count + content.utf8.count + scope.segments.reduce(0) { $0 + $1.utf8.count }
            + Value.object(attributes).estimatedBytes + (embedding?.count ?? 0) * 4
    }
}
