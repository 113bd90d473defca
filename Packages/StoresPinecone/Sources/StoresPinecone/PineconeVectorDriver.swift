#if HTTP
import StoresCore
import StoresHTTP

/// The vector tier.
struct PineconeVectorDriver: VectorDriver {
    let backend: PineconeBackend
    var api: PineconeAPI { backend.api }

    /// Ids in one delete.
    static let idsInDelete = 1000
    /// How long a deletion waits until reads no longer see what it removed.
    static let deletionWait = Duration.seconds(10)

    // MARK: Collections

    func ensureCollection(_ spec: VectorCollectionSpec, mode: SchemaMode, context: CallContext)
        async throws(StoreError) -> VectorCollectionSpec
    {
        let name = PineconeName.index(spec.name)
        var found = try await api.readyIndex(name, context)
        if found == nil, mode == .create {
            try await api.create(spec, context)
            found = try await api.readyIndex(name, context)
        }
        guard let found else {
            throw StoreError(
                .notFound, "there is no such collection", remedy: "ensure it with schema mode create",
                resource: spec.name, applied: .no)
        }
        return try found.spec()
    }

    /// Those that were made here.
    func collections(context: CallContext) async throws(StoreError) -> [VectorCollectionSpec] {
        var specs: [VectorCollectionSpec] = []
        for index in try await api.indexes(context) where index.storedName != nil { specs.append(try index.spec()) }
        return specs.sorted { IDKey($0.name) < IDKey($1.name) }
    }

    func dropCollection(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        let index = PineconeName.index(name)
        let dropped = try await api.drop(index, name, context)
        await backend.forget(index)
        return dropped
    }

    // MARK: Writing

    func upsert(
        _ records: [VectorRecord], into target: VectorTarget, visibility: Visibility, context: CallContext
    ) async throws(StoreError) -> WriteReceipt {
        try await backend.with(target, context) { site throws(StoreError) in
            var result = BulkResult()
            var last: UInt64?
            var parts = PineconeParts(records, target, maxBytes: api.configuration.maxRequestBytes)
            while let part = parts.next() {
                do throws(StoreError) {
                    let reply = try await PineconeAPI.send(
                        HTTPCall(.post, ["vectors", "upsert"], body: part.body, isWrite: true), to: site,
                        resource: target.collection.name, context: context)
                    last = PineconeFreshness.number(ofWrite: reply) ?? last
                    result.succeeded += part.ids
                } catch {
                    // With nothing written before, the call as a whole failed, and may be tried again.
                    guard !result.succeeded.isEmpty || part.ids.count < records.count else { throw error }
                    result.failed += part.ids.map { BulkFailure(id: $0, error: error) }
                }
            }
            result.failed += parts.refused
            guard case .searchable(let within) = visibility, !result.succeeded.isEmpty else {
                return WriteReceipt(result: result, isSearchable: result.succeeded.isEmpty && result.failed.isEmpty)
            }
            let isVisible = try await PineconeFreshness.wait(
                for: last, at: site, target, within: within, context)
            return WriteReceipt(result: result, isSearchable: isVisible)
        }
    }

    /// Pinecone does not say how many it has deleted; they are counted before.
    func delete(_ selection: RecordSelection, from target: VectorTarget, context: CallContext)
        async throws(StoreError) -> Int
    {
        switch selection {
        case .all:
            let count = try await count(.everything, target, context)
            guard count > 0 else { return 0 }
            try await delete(target, context) { $0.raw("\"deleteAll\":true") }
            return count
        case .filter(let filter):
            let compiled = try TermFilter(filter)
            guard compiled != .nothing else { return 0 }
            let count = try await count(compiled, target, context)
            guard count > 0 else { return 0 }
            try await delete(target, context) { writer in
                writer.raw("\"filter\":")
                PineconeFilterCompiler.append(compiled, to: &writer)
            }
            return count
        case .ids(let ids):
            let there = try await get(ids, from: target, include: [], context: context)
            for start in stride(from: 0, to: there.count, by: Self.idsInDelete) {
                let part = there[start..<min(start + Self.idsInDelete, there.count)]
                try await delete(target, context) { writer in
                    writer.raw("\"ids\":")
                    writer.append(part.map { PineconeName.record($0.id) })
                }
            }
            return there.count
        }
    }

    private func delete(
        _ target: VectorTarget, _ context: CallContext, _ selection: (inout JSONWriter) -> Void
    ) async throws(StoreError) {
        var writer = JSONWriter()
        writer.raw("{\"namespace\":")
        writer.append(PineconeName.namespace(target.namespace))
        writer.raw(",")
        selection(&writer)
        writer.raw("}")
        let body = writer.finish()
        try await backend.with(target, context) { site throws(StoreError) in
            let reply = try await PineconeAPI.send(
                HTTPCall(.post, ["vectors", "delete"], body: body, isWrite: true), to: site,
                resource: target.collection.name, context: context)
            _ = try await PineconeFreshness.wait(
                for: PineconeFreshness.number(ofWrite: reply), at: site, target, within: Self.deletionWait, context)
        }
    }
}
#endif
