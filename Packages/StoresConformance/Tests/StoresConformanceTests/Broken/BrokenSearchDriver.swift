import StoresCore

/// The in-memory driver with one defect.
struct BrokenSearchDriver: SearchDriver {
    let inner: InMemorySearchDriver
    let defect: SearchDefect?
    let state: BrokenState

    init(inner: InMemorySearchDriver, defect: String) {
        self.inner = inner
        self.defect = SearchDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    private func folded(_ id: String) -> String { defect == .idsFolded ? id.lowercased() : id }
    private func folded(_ spec: SearchIndexSpec) -> SearchIndexSpec {
        guard defect == .namesFolded else { return spec }
        var spec = spec
        spec.name = spec.name.lowercased()
        return spec
    }
    private func broken(_ filter: Filter) -> Filter { FilterDefect.apply(defect?.rawValue ?? "", to: filter) }

    func ensureIndex(_ spec: SearchIndexSpec, mode: SchemaMode, context: CallContext) async throws(StoreError)
        -> SearchIndexSpec
    {
        if defect == .shapeIgnored {
            _ = try? await inner.ensureIndex(spec, mode: mode, context: context)
            return spec
        }
        return try await state.call { () async throws(StoreError) in
            let found = try await inner.ensureIndex(
                folded(spec), mode: defect == .verifyCreates ? .create : mode, context: context)
            if defect == .errorsOnTwoLines, found.fields != spec.fields {
                throw StoreError(.schemaMismatch, "another shape")
            }
            return found
        }
    }

    func indexes(context: CallContext) async throws(StoreError) -> [SearchIndexSpec] {
        try await inner.indexes(context: context)
    }

    func dropIndex(_ name: String, context: CallContext) async throws(StoreError) -> Bool {
        try await inner.dropIndex(defect == .namesFolded ? name.lowercased() : name, context: context)
    }

    func upsert(
        _ documents: [SearchDocument], into index: SearchIndexSpec, visibility: Visibility, context: CallContext
    )
        async throws(StoreError) -> WriteReceipt
    {
        try await state.take()
        var documents = documents
        let all = WriteReceipt(result: BulkResult(succeeded: documents.map(\.id)), isSearchable: true)
        switch defect {
        case .writesLost: return all
        case .acceptedLost: if visibility == .accepted { return all }
        case .bulkStops:
            _ = try await inner.upsert(
                Array(documents.prefix(1000)), into: index, visibility: visibility, context: context)
            return all
        case .upsertMerges:
            for number in documents.indices {
                let old = try await inner.get([documents[number].id], from: index, context: context).first
                documents[number].fields.merge(old?.fields ?? [:]) { new, _ in new }
            }
        default: for number in documents.indices { documents[number].id = folded(documents[number].id) }
        }
        return try await inner.upsert(documents, into: folded(index), visibility: visibility, context: context)
    }

    func get(_ ids: [String], from index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> [SearchDocument]
    {
        let found = try await inner.get(ids.map(folded), from: folded(index), context: context)
        return defect == .getUnordered ? found.sorted { $0.id < $1.id } : found
    }

    func delete(_ selection: RecordSelection, from index: SearchIndexSpec, context: CallContext)
        async throws(StoreError) -> Int
    {
        switch (defect, selection) {
        case (.deleteStopsAtThousand, .filter(let filter)):
            let page = try await inner.search(
                SearchRequest(query: .all, filter: filter, limit: 1000), in: index, context: context)
            return try await inner.delete(.ids(page.hits.map(\.id)), from: index, context: context)
        case (_, .ids(let ids)):
            return try await inner.delete(.ids(ids.map(folded)), from: folded(index), context: context)
        case (_, .filter(let filter)):
            return try await inner.delete(.filter(broken(filter)), from: folded(index), context: context)
        default: return try await inner.delete(selection, from: folded(index), context: context)
        }
    }

    func search(_ request: SearchRequest, in index: SearchIndexSpec, context: CallContext) async throws(StoreError)
        -> SearchResults
    {
        var request = request
        request.filter = request.filter.map(broken)
        request.query = broken(request.query)
        let cursor = request.cursor
        if defect == .pagesRepeat { request.cursor = nil }
        var results = try await inner.search(request, in: folded(index), context: context)
        switch defect {
        case .tiesReversed, .hitsReversed: results.hits.reverse()
        case .highlightsLost: for number in results.hits.indices { results.hits[number].highlights = [:] }
        case .facetsOfPage:
            for (field, values) in results.facets {
                results.facets[field] = values.map { FacetValue(value: $0.value, count: min($0.count, request.limit)) }
            }
        case .pagesRepeat: if cursor != nil { results.next = nil }
        default: break
        }
        return results
    }

    private func broken(_ query: SearchQuery) -> SearchQuery {
        switch (defect, query) {
        case (.matchNeedsAll, .match(let field, let text, _)): .match(field: field, text, operator: .and)
        case (.phraseIsMatch, .phrase(let field, let text)): .match(field: field, text)
        case (.prefixIsMatch, .prefix(let field, let text)): .match(field: field, text)
        case (.mustNotIgnored, .boolean(let must, let should, _)): .boolean(must: must, should: should)
        case (.matchIsPhrase, .match(let field, let text, _)): .phrase(field: field, text)
        case (.queryLanguage, .match(_, let text, _)) where text.contains("*"): .all
        default: query
        }
    }

    func count(where filter: Filter?, in index: SearchIndexSpec, context: CallContext) async throws(StoreError) -> Int {
        try await inner.count(where: filter.map(broken), in: folded(index), context: context)
    }
}
