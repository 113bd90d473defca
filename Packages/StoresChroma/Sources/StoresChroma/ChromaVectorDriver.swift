#if HTTP
import StoresCore
import StoresHTTP

/// The vector tier. Chroma's reads see every write that was answered before them.
struct ChromaVectorDriver: VectorDriver {
    let backend: ChromaBackend
    var api: ChromaAPI { backend.api }

    /// Ids in one request of a read.
    static let idsInCall = 2000
    /// Records without vectors in one page of a read.
    static let pageSize = 20_000

    // MARK: Collections

    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        let name = ChromaName.make(spec.name, namespace: "default")
        var found = try await api.collection(name, context)
        if found == nil, mode == .create {
            found = try await api.createCollection(name, spec, namespace: "default", context)
        }
        guard let found else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                resource: spec.name, applied: .no)
        }
        backend.remember(found)
        return try found.spec(name: spec.name, wanted: spec.dimensions)
    }

    /// Those of other applications too, once they hold a vector: before, Chroma does not know their dimensions.
    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        var specs: [VectorCollectionSpec] = []
        for collection in try await api.collections(context) {
            if let name = collection.storedName {
                guard collection.storedNamespace == "default" else { continue }
                specs.append(try collection.spec(name: name, wanted: 0))
            } else if let dimension = collection.dimension {
                specs.append(try collection.spec(name: collection.name, wanted: dimension))
            }
        }
        return specs.sorted { IDKey($0.name) < IDKey($1.name) }
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        var dropped = false
        for collection in try await api.collections(context)
        where (collection.storedName ?? collection.name).utf8.elementsEqual(name.utf8) {
            // Chroma 1.5.9 leaves the arrays of a dropped collection's records behind, and gives them to records that
            // are written later, in whatever collection. Those of deleted records it removes.
            do throws(StoreError) {
                _ = try await deleteRecords(of: collection, where: .everything, resource: name, context)
            } catch  where error.code == .notFound {
                continue
            }
            dropped = try await api.dropCollection(collection.name, context) || dropped
        }
        backend.forgetAll()
        return dropped
    }

    // MARK: Writing

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await RecordParts.write(records) { part throws(StoreError) in
            try await backend.with(target, creating: true, missing: nil, context) { collection throws(StoreError) in
                let stale = try await keys(of: part, in: collection, context)
                let body = ChromaCodec.write(part, stale: stale, asBase64: backend.takesBase64)
                if body.count > ChromaConfiguration.maxRequestBytes, part.count > 1 { return nil }
                // An addition leaves records alone that came since: they are of a writer that was as early.
                _ = try await api.send(
                    .post, ["collections", collection.id, stale.isEmpty ? "add" : "upsert"], body: body, isWrite: true,
                    resource: target.collection.name, context: context)
                return WriteReceipt(result: BulkResult(succeeded: part.map(\.id)), isSearchable: true)
            }
        }
    }

    /// The metadata keys of the records that are there already: an upsert has to null those that it drops.
    private func keys(
        of records: ArraySlice<VectorRecord>, in collection: ChromaCollection, _ context: CallContext
    ) async throws(StoreError) -> [IDKey: [String]] {
        var found: [IDKey: [String]] = [:]
        try await get(collection, ids: records.map(\.id), include: ["metadatas"], context) {
            ids, pull throws(StoreError) in
            var index = 0
            try pull.columns("metadatas") { pull throws(StoreError) in
                var keys: [String] = []
                if !pull.takeNull() {
                    try pull.object { pull, key throws(StoreError) in
                        keys.append(key)
                        try pull.skip()
                    }
                }
                if index < ids.count { found[IDKey(ids[index])] = keys }
                index += 1
            }
        }
        return found
    }

    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        switch selection {
        case .all: return try await delete(where: .everything, target, context)
        case .filter(let filter):
            let compiled = try TermFilter(filter)
            return compiled == .nothing ? 0 : try await delete(where: compiled, target, context)
        case .ids(let ids):
            return try await backend.with(target, missing: 0, context) { collection throws(StoreError) in
                // Chroma answers with the number of ids that it was given, there or not.
                var there: [String] = []
                try await get(collection, ids: ids, include: [], context) { found, _ in there += found }
                guard !there.isEmpty else { return 0 }
                var writer = JSONWriter()
                writer.raw("{\"ids\":")
                writer.append(there)
                writer.raw("}")
                _ = try await api.send(
                    .post, ["collections", collection.id, "delete"], body: writer.finish(), isWrite: true,
                    resource: target.collection.name, context: context)
                return there.count
            }
        }
    }

    private func delete(where filter: TermFilter, _ target: VectorTarget, _ context: CallContext)
        async throws(StoreError) -> Int
    {
        try await backend.with(target, missing: 0, context) { collection throws(StoreError) in
            try await deleteRecords(of: collection, where: filter, resource: target.collection.name, context)
        }
    }

    private func deleteRecords(
        of collection: ChromaCollection, where filter: TermFilter, resource: String, _ context: CallContext
    ) async throws(StoreError) -> Int {
        var writer = JSONWriter()
        writer.raw("{\"where\":")
        ChromaFilterCompiler.appendWhole(filter, to: &writer)
        writer.raw("}")
        let reply = try await api.send(
            .post, ["collections", collection.id, "delete"], body: writer.finish(), isWrite: true, resource: resource,
            context: context)
        return try JSONPull.read(reply) { pull throws(StoreError) in
            var count: Int?
            try pull.object { pull, key throws(StoreError) in
                guard key == "deleted" else { return try pull.skip() }
                count = Int(clamping: try pull.int())
            }
            guard let count else { throw pull.error("no number of deleted records") }
            return count
        }
    }
}
#endif
