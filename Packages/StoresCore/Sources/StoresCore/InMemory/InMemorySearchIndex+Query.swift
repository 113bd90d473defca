extension InMemorySearchIndex {
    private struct Hit {
        var id: ByteKey
        var score: Double
        var document: SearchDocument

        /// Score descending, then id ascending.
        static func precedes(_ a: Hit, _ b: Hit) -> Bool {
            a.score == b.score ? a.id < b.id : a.score > b.score
        }
    }

    func search(_ request: SearchRequest) throws(StoreError) -> SearchResults {
        let after = try request.cursor.map { (cursor) throws(StoreError) in try Self.place(cursor) }
        let filter = request.filter.map(CompiledFilter.init)
        var found: [Hit] = []
        for (row, score) in evaluate(request.query) {
            guard let document = visible[row], filter?.matches(document.fields) ?? true else { continue }
            found.append(Hit(id: ByteKey(document.id), score: score, document: document))
        }
        let facets = facets(request.facets, found)
        var rest = found
        if let after {
            rest = found.filter { $0.score == after.score ? after.id < $0.id : $0.score < after.score }
        }
        rest.sort(by: Hit.precedes)
        let limit = max(0, request.limit)
        let page = rest.prefix(limit)
        let highlighters = request.highlight.compactMap { field in
            highlighter(request.query, field).map { (field, $0) }
        }
        let hits = page.map { hit in
            var highlights: [String: [String]] = [:]
            for (field, highlighter) in highlighters {
                let fragments = Self.texts(hit.document, field).flatMap { highlighter.fragments(of: $0) }
                if !fragments.isEmpty { highlights[field] = Array(fragments.prefix(3)) }
            }
            return SearchHit(
                id: hit.document.id, score: hit.score, fields: hit.document.fields, highlights: highlights)
        }
        return SearchResults(
            hits: hits, total: found.count, facets: facets,
            next: rest.count > limit ? page.last.map(Self.cursor) : nil)
    }

    /// The rows that match, with their scores. Constant for `all`; the sum of the parts for `boolean`.
    private func evaluate(_ query: SearchQuery) -> [Int: Double] {
        switch query {
        case .all: return visible.mapValues { _ in 1 }
        case .match(let field, let words, .or): return text.matchAny(words, field: field)
        case .match(let field, let words, .and): return text.matchAll(words, field: field)
        case .phrase(let field, let words): return text.phrase(words, field: field)
        case .prefix(let field, let words): return text.prefix(words, field: field)
        case .boolean(let must, let should, let mustNot):
            var scores: [Int: Double] = [:]
            for (index, part) in must.enumerated() {
                let found = evaluate(part)
                if index == 0 {
                    scores = found
                } else {
                    for (row, score) in scores { scores[row] = found[row].map { score + $0 } }
                }
            }
            for part in should {
                for (row, score) in evaluate(part) where must.isEmpty || scores[row] != nil {
                    scores[row, default: 0] += score
                }
            }
            for part in mustNot {
                for row in evaluate(part).keys { scores[row] = nil }
            }
            return scores
        }
    }

    private func facets(_ requests: [FacetRequest], _ found: [Hit]) -> [String: [FacetValue]] {
        var facets: [String: [FacetValue]] = [:]
        for request in requests {
            var counts: [ByteKey: Int] = [:]
            for hit in found {
                // A document counts once for a value, however often it holds it.
                for value in Set(Self.texts(hit.document, request.field).map(ByteKey.init)) {
                    counts[value, default: 0] += 1
                }
            }
            facets[request.field] =
                counts
                .sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
                .prefix(max(0, request.limit))
                .map { FacetValue(value: $0.key.text, count: $0.value) }
        }
        return facets
    }

    private func highlighter(_ query: SearchQuery, _ field: String) -> Highlighter? {
        guard case .text(let analyzer) = spec.fields.value(forBytesOf: field) else { return nil }
        return Highlighter(query, field: field, analyzer: analyzer)
    }

    // A cursor is the score and id of the last hit: what comes after that place in the live order.

    private static func cursor(_ hit: Hit) -> Cursor {
        CursorCodec.encode([String(hit.score.bitPattern, radix: 16), hit.id.text])
    }

    private static func place(_ cursor: Cursor) throws(StoreError) -> (score: Double, id: ByteKey) {
        let parts = try CursorCodec.decode(cursor, parts: 2...2)
        guard let bits = UInt64(parts[0], radix: 16) else { throw CursorCodec.refused }
        return (Double(bitPattern: bits), ByteKey(parts[1]))
    }
}
