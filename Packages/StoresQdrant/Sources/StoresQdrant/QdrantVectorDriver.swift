#if HTTP
import StoresCore
import StoresHTTP

/// The vector tier. With `wait=true` a write is searched as soon as it is answered.
struct QdrantVectorDriver: HybridVectorDriver {
    let backend: QdrantBackend
    var api: QdrantAPI { backend.api }

    /// Ids in one request.
    static let idsInCall = 2000

    func points(_ target: VectorTarget, _ last: String...) -> [String] {
        ["collections", QdrantName.collection(target.collection.name), "points"] + last
    }

    // MARK: Collections

    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        let name = QdrantName.collection(spec.name)
        var found = try await api.collection(name, context)
        if found == nil, mode == .create {
            try await api.create(name, spec, context)
            found = try await api.collection(name, context)
        }
        guard let found else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                resource: spec.name, applied: .no)
        }
        let there = try found.spec()
        // Also those that a maker who died half-way has left out.
        if mode == .create {
            for index in QdrantCollection.indexes(there) where !found.indexed.contains(index.field) {
                var writer = JSONWriter()
                writer.append(["field_name": .string(index.field), "field_schema": index.schema])
                _ = try await api.update(
                    .put, ["collections", name, "index"], body: writer.finish(), waits: true, resource: spec.name,
                    context: context)
            }
        }
        return there
    }

    /// Those that were made here.
    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        var specs: [VectorCollectionSpec] = []
        for name in try await api.collectionNames(context) {
            guard let found = try await api.collection(name, context), found.storedName != nil else { continue }
            specs.append(try found.spec())
        }
        return specs.sorted { IDKey($0.name) < IDKey($1.name) }
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try await api.drop(QdrantName.collection(name), context)
    }

    // MARK: Writing

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        let waits = visibility != .accepted
        return try await RecordParts.write(records) { part throws(StoreError) in
            let body = QdrantCodec.upsert(part, namespace: target.namespace)
            if body.count > QdrantConfiguration.maxRequestBytes, part.count > 1 { return nil }
            let isDone = try await api.update(
                .put, points(target), body: body, waits: waits, resource: target.collection.name, context: context)
            return WriteReceipt(result: BulkResult(succeeded: part.map(\.id)), isSearchable: isDone)
        }
    }

    /// Qdrant does not say how many it has deleted; they are counted before.
    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        switch selection {
        case .all: return try await delete(where: .everything, target, context)
        case .filter(let filter):
            let compiled = try TermFilter(filter)
            return compiled == .nothing ? 0 : try await delete(where: compiled, target, context)
        case .ids(let ids):
            let there = try await get(ids, from: target, include: [], context: context)
            for start in stride(from: 0, to: there.count, by: Self.idsInCall) {
                let part = there[start..<min(start + Self.idsInCall, there.count)]
                var writer = JSONWriter()
                writer.raw("{\"points\":")
                writer.append(part.map { QdrantName.point($0.id, namespace: target.namespace) })
                writer.raw("}")
                try await delete(writer.finish(), target, context)
            }
            return there.count
        }
    }

    private func delete(where filter: TermFilter, _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError) -> Int
    {
        let count = try await count(filter, target, context)
        guard count > 0 else { return 0 }
        var writer = JSONWriter()
        writer.raw("{\"filter\":")
        QdrantFilterCompiler.append(filter, namespace: target.namespace, to: &writer)
        writer.raw("}")
        try await delete(writer.finish(), target, context)
        return count
    }

    private func delete(_ body: consuming [UInt8], _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError)
    {
        _ = try await api.update(
            .post, points(target, "delete"), body: body, waits: true, resource: target.collection.name,
            context: context)
    }
}
#endif
