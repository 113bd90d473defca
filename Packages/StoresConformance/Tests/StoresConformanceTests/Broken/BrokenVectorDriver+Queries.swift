@testable import StoresCore

extension BrokenVectorDriver {
    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        var query = query
        let wanted = query.limit
        let filter = query.filter
        query.filter = filter.map(broken)
        switch defect {
        case .limitIgnored: query.limit = .max
        case .limitBeforeFilter: query.filter = nil
        case .everythingIncluded: query.include = .all
        case .similarityInverted, .orderByIDAlone: query.limit = 1_000_000
        case .minScoreStrict: query.minSimilarity? += 1e-3
        default: break
        }
        if defect == .mostFiltersRefused, let filter, !filter.children.isEmpty {
            throw StoreError(.unsupported, "no such filter here", applied: .no)
        }
        var matches = try await inner.query(query, in: broken(target), context: context)
        switch defect {
        case .limitBeforeFilter:
            if let filter {
                let kept = Set(matches.matches.filter { filter.matches($0.metadata) }.map(\.id))
                matches.matches.removeAll { !kept.contains($0.id) }
            }
        case .similarityInverted:
            matches.matches.reverse()
            for index in matches.matches.indices { matches.matches[index].similarity?.negate() }
            matches.matches = Array(matches.matches.prefix(wanted))
        case .similarityOff:
            for index in matches.matches.indices { matches.matches[index].similarity? += 0.001 }
        case .orderByIDAlone:
            matches.matches.sort { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
            matches.matches = Array(matches.matches.prefix(wanted))
        case .tiesUnordered:
            matches.matches.sort {
                ($0.similarity ?? 0, $1.id.utf8.reversed().first ?? 0) > (
                    $1.similarity ?? 0, $0.id.utf8.reversed().first ?? 0
                )
            }
            var start = 0
            while start < matches.matches.count {
                var end = start + 1
                while end < matches.matches.count, matches.matches[end].similarity == matches.matches[start].similarity
                {
                    end += 1
                }
                matches.matches[start..<end].reverse()
                start = end
            }
        default: break
        }
        return matches
    }

    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> VectorMatches
    {
        if defect == .textQueryEmpty { return VectorMatches(matches: []) }
        var query = query
        query.filter = query.filter.map(broken)
        return try await inner.textQuery(query, in: broken(target), context: context)
    }

    func hybridQuery(_ text: VectorTextQuery, _ vector: [Float], in target: VectorTarget, context: CallContext)
        async throws(StoreError) -> VectorMatches
    {
        guard defect == .hybridIsVector else { return try await RankFusion.hybrid(self, text, vector, target, context) }
        return try await query(
            VectorQuery(vector: vector, filter: text.filter, limit: text.limit, include: text.include), in: target,
            context: context)
    }

    // MARK: Defects of names

    func folded(_ id: String) -> String {
        switch defect {
        case .idsCaseFolded: id.lowercased()
        case .idsNormalised: String(id.unicodeScalars.map { $0 == "\u{e9}" ? "e\u{301}" : String($0) }.joined())
        default: id
        }
    }

    func broken(_ spec: VectorCollectionSpec) -> VectorCollectionSpec {
        guard defect == .namesCaseFolded else { return spec }
        var spec = spec
        spec.name = spec.name.lowercased()
        return spec
    }

    func broken(_ target: VectorTarget) -> VectorTarget {
        var target = target
        target.collection = broken(target.collection)
        if defect == .namespacesIgnored { target.namespace = "default" }
        return target
    }

    // MARK: Defects of filters

    func broken(_ filter: Filter) -> Filter {
        FilterDefect.apply(defect?.rawValue ?? "", to: filter)
    }
}
