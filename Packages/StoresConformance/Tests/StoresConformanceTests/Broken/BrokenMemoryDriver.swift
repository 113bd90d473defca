import StoresCore

/// The in-memory driver with one defect.
struct BrokenMemoryDriver: MemoryDriver {
    let inner: InMemoryMemoryDriver
    let defect: MemoryDefect?
    let state: BrokenState

    init(inner: InMemoryMemoryDriver, defect: String) {
        self.inner = inner
        self.defect = MemoryDefect(rawValue: defect)
        state = BrokenState(defect)
    }

    private func broken(_ filter: Filter) -> Filter { FilterDefect.apply(defect?.rawValue ?? "", to: filter) }
    private func folded(_ id: String) -> String { defect == .idsFolded ? id.lowercased() : id }
    private func folded(_ scope: Scope) -> Scope {
        defect == .idsFolded ? Scope(scope.segments.map { $0.lowercased() }) : scope
    }

    func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>] {
        try await state.take()
        var results: [Result<Fact, StoreError>] = []
        for (number, put) in puts.enumerated() {
            results.append(try await one(put, number, context))
        }
        return results
    }

    private func one(_ put: FactPut, _ number: Int, _ context: CallContext) async throws(StoreError) -> Result<
        Fact, StoreError
    > {
        var put = put
        put.draft.id = folded(put.draft.id)
        put.draft.scope = folded(put.draft.scope)
        let old = try await inner.get([put.draft.id], scope: put.draft.scope, context: context).first
        switch defect {
        case .writesLost: return .success(fact(put.draft, context))
        case .bulkStops: if number >= 1000 { return .success(fact(put.draft, context)) }
        case .sourceLost: put.draft.source = nil
        case .conditionsIgnored: put.ifVersion = nil
        case .deepScopesRefused:
            if put.draft.scope.segments.count > 8 { return .failure(StoreError(.invalidArgument, "too deep")) }
        case .createdAnew: if old != nil { _ = try await inner.forget(put.draft.scope, context: context) }
        case .firstPutStays: if let old { return .success(old) }
        default: break
        }
        // `clockLate` is of reads: a clock that is late for all is no defect.
        let writing = defect == .clockLate ? context : state.context(context)
        guard var result = try await inner.put([put], context: writing).first else {
            throw StoreError(.internal, "no answer")
        }
        if defect == .errorsOnTwoLines, case .failure(let error) = result {
            result = .failure(StoreError(error.code, "\(error.message)\nDETAIL: row", conflict: error.conflict))
        }
        return result
    }

    private func fact(_ draft: FactDraft, _ context: CallContext) -> Fact {
        Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: context.now,
            updatedAt: context.now, version: 1, expiresAt: draft.expiresAt, source: draft.source)
    }

    func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact] {
        var facts = try await inner.get(ids.map(folded), scope: folded(scope), context: state.context(context))
        if defect == .getUnordered { facts.sort { $0.id < $1.id } }
        if defect == .versionStuck { for index in facts.indices { facts[index].version = 1 } }
        return facts
    }

    func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext) async throws(StoreError) -> Bool {
        let wasThere = try await inner.delete(
            folded(id), scope: folded(scope), ifVersion: defect == .conditionsIgnored ? nil : ifVersion,
            context: state.context(context))
        if defect == .versionsAnew, wasThere { _ = try await inner.forget(scope, context: context) }
        return wasThere
    }

    func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision] {
        var lines = try await inner.history(id, scope: scope, context: state.context(context))
        switch defect {
        case .deletesUnrecorded: lines.removeAll { $0.change == .delete }
        case .historyGaps: if lines.count > 3 { lines.remove(at: 2) }
        case .forgetKeepsHistory:
            if lines.isEmpty {
                let draft = FactDraft(id: id, scope: scope, content: "")
                lines = [FactRevision(change: .put, fact: fact(draft, context), at: context.now)]
            }
        default: break
        }
        return lines
    }

    func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int {
        guard defect == .forgetStopsAtThousand else {
            return try await inner.forget(folded(scope), context: state.context(context))
        }
        let page = try await inner.list(FactListing(scope: scope, depth: .subtree, limit: 1000), context: context)
        for fact in page.items {
            _ = try await inner.delete(fact.id, scope: fact.scope, ifVersion: nil, context: context)
        }
        return page.items.count
    }

    func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact> {
        var request = request
        request.filter = request.filter.map(broken)
        request.scope = folded(request.scope)
        if defect == .scopesJoined, request.depth == .subtree, request.scope.segments.count > 1 {
            let joined = request.scope.segments.joined(separator: "/")
            request.scope.segments.removeLast()
            let page = try await inner.list(request, context: context)
            return Page(
                items: page.items.filter { $0.scope.segments.joined(separator: "/").hasPrefix(joined) }, next: page.next
            )
        }
        var page = try await inner.list(request, context: state.context(context))
        if defect == .listingUnsorted { page.items.reverse() }
        return page
    }

    func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches {
        var request = request
        request.filter = request.filter.map(broken)
        if defect == .minScoreStrict { request.minSimilarity? += 1e-3 }
        if defect == .recallEmpty { return FactMatches(matches: []) }
        let wanted = request.scope
        if defect == .limitBeforeScope { request.scope.segments.removeLast() }
        var matches = try await inner.recall(request, context: state.context(context))
        if defect == .limitBeforeScope { matches.matches.removeAll { !$0.fact.scope.isWithin(wanted) } }
        if defect == .similarityOff {
            for index in matches.matches.indices { matches.matches[index].similarity? -= 0.01 }
        }
        return matches
    }

    func sweep(context: CallContext) async throws(StoreError) -> Int {
        try await inner.sweep(context: state.context(context))
    }
}
