extension InMemoryMemoryState {
    func recall(_ request: FactRecall, _ now: Timestamp) throws(StoreError) -> FactMatches {
        let filter = request.filter.map(CompiledFilter.init)
        var candidates: [Record] = []
        // In the order of scope and id, which decides between equals.
        forEachKey(in: request.scope, request.depth) { key in
            if visible(key, now) != nil, let record = records[key] { candidates.append(record) }
            return true
        }
        switch request.cue {
        case .text(let text):
            // Ranked among all facts in scope; the filter takes away, and does not change ranks.
            let scores = index.matchAny(text, among: Set(candidates.map(\.row)))
            var found: [(place: Int, score: Double)] = []
            for (place, record) in candidates.enumerated() {
                guard let score = scores[record.row], let fact = record.fact else { continue }
                if filter?.matches(fact.attributes) ?? true { found.append((place, score)) }
            }
            found.sort { $0.score == $1.score ? $0.place < $1.place : $0.score > $1.score }
            let facts = found.prefix(max(0, request.limit)).compactMap { candidates[$0.place].fact }
            return FactMatches(matches: facts.map { FactMatch(fact: $0) })
        case .vector(let vector):
            let norm = Self.norm(vector)
            guard norm > 0, norm.isFinite else {
                throw .invalidArgument("the vector to recall by is not finite or has length 0")
            }
            var found: [(place: Int, similarity: Double)] = []
            for (place, record) in candidates.enumerated() {
                guard let embedding = record.embedding, embedding.count == vector.count, let fact = record.fact,
                    filter?.matches(fact.attributes) ?? true
                else { continue }
                let similarity = Self.dot(vector, embedding) / (norm * Self.norm(embedding))
                // An embedding of length 0 has no direction.
                guard similarity.isFinite, similarity >= request.minSimilarity ?? -.infinity else { continue }
                found.append((place, similarity))
            }
            found.sort { $0.similarity == $1.similarity ? $0.place < $1.place : $0.similarity > $1.similarity }
            let matches = found.prefix(max(0, request.limit)).compactMap { found in
                candidates[found.place].fact.map {
                    FactMatch(fact: $0, similarity: found.similarity, score: (1 + found.similarity) / 2)
                }
            }
            return FactMatches(matches: matches)
        }
    }

    private static func dot(_ a: [Float], _ b: [Float]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += Double(a[index]) * Double(b[index]) }
        return sum
    }

    private static func norm(_ a: [Float]) -> Double { dot(a, a).squareRoot() }
}
