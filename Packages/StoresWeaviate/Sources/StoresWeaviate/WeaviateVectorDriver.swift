#if HTTP
import StoresCore
import StoresHTTP

/// The vector tier. A write is found by queries once it is answered, unless the server indexes in the background.
struct WeaviateVectorDriver: HybridVectorDriver {
    let backend: WeaviateBackend
    var api: WeaviateAPI { backend.api }

    /// Ids in one request.
    static let idsInCall = 500

    // MARK: Collections

    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        var found = try await api.collection(spec.name, context)
        if found == nil, mode == .create {
            try await api.create(spec, context)
            found = try await api.collection(spec.name, context)
        }
        guard let found else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                resource: spec.name, applied: .no)
        }
        let there = try found.spec()
        backend.remember(spec.name)
        return there
    }

    /// Those that were made here.
    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        var specs: [VectorCollectionSpec] = []
        for found in try await api.collections(context) where found.isOurs { specs.append(try found.spec()) }
        return specs.sorted { IDKey($0.name) < IDKey($1.name) }
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        backend.forget(name)
        // Weaviate drops what is not there as well as what is.
        guard try await api.collection(name, context) != nil else { return false }
        try await api.drop(name, context)
        return true
    }

    // MARK: Writing

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await backend.check(target.collection.name, context)
        let receipt = try await RecordParts.write(records) { part throws(StoreError) in
            let body = WeaviateCodec.batch(part, target)
            if body.count > WeaviateConfiguration.maxRequestBytes, part.count > 1 { return nil }
            let problems = try await api.write(body, resource: target.collection.name, context: context)
            guard problems.count == part.count else {
                throw StoreError(
                    .corrupt, "the reply to a batch has \(problems.count) results for \(part.count) objects",
                    resource: target.collection.name, applied: .unknown)
            }
            var result = BulkResult()
            for (record, problem) in zip(part, problems) {
                if let problem {
                    result.failed.append(BulkFailure(id: record.id, error: problem))
                } else {
                    result.succeeded.append(record.id)
                }
            }
            return WriteReceipt(result: result, isSearchable: result.isComplete)
        }
        if !receipt.result.failed.isEmpty { backend.forget(target.collection.name) }
        return receipt
    }

    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        switch selection {
        case .all: return try await delete(.everything, target, context)
        case .filter(let filter):
            let compiled = try TermFilter(filter, WeaviateCodec.form)
            if compiled == .nothing { return 0 }
            return try await delete(
                WeaviateFilter(compiled, WeaviateShape(target.collection)) ?? .everything, target, context)
        case .ids(let ids):
            var count = 0
            for start in stride(from: 0, to: ids.count, by: Self.idsInCall) {
                count += try await delete(
                    .records(ids[start..<min(start + Self.idsInCall, ids.count)]), target, context)
            }
            return count
        }
    }

    /// One call deletes at most QUERY_MAXIMUM_RESULTS objects, so it is made until it has deleted all that matched.
    private func delete(_ filter: WeaviateFilter, _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError) -> Int
    {
        try await existing(target, missing: 0, context) { () throws(StoreError) in
            var count = 0
            while true {
                try context.check(applied: count == 0 ? .no : .unknown)
                let found: (deleted: Int, failed: Int, matched: Int)
                do throws(StoreError) {
                    found = try await api.delete(filter, target, context)
                } catch  where count > 0 {
                    throw StoreError(
                        error.code, "\(count) records were deleted before it failed: \(error.message)",
                        remedy: error.remedy, resource: target.collection.name, applied: .unknown,
                        retryAfter: error.retryAfter, isRetryable: error.isRetryable, underlying: error)
                }
                count += found.deleted
                guard found.failed == 0, found.deleted > 0 || found.matched == 0 else {
                    throw StoreError(
                        .unavailable,
                        "\(count) records were deleted, and of \(found.matched) that matched \(found.failed) could "
                            + "not be",
                        remedy: "delete again, and look at the server's log", resource: target.collection.name,
                        applied: count == 0 ? .no : .unknown)
                }
                if found.matched <= found.deleted { return count }
            }
        }
    }

    /// Runs a body; when the namespace has no tenant, since nobody wrote to it yet, the answer is `missing`.
    ///
    /// Weaviate has no code for that, so it is asked when the body fails.
    func existing<T>(
        _ target: VectorTarget, missing: T, _ context: CallContext, _ body: () async throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        do throws(StoreError) {
            return try await body()
        } catch  where [.internal, .invalidArgument, .notFound].contains(error.code) {
            guard try await !api.hasTenant(target, context) else { throw error }
            guard try await api.collection(target.collection.name, context) != nil else {
                backend.forget(target.collection.name)
                throw StoreError(
                    .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                    resource: target.collection.name, applied: error.applied.map { _ in .no })
            }
            return missing
        }
    }
}
#endif
