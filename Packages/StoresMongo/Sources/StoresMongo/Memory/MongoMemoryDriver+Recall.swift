import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension MongoMemoryDriver {
    func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches {
        guard request.limit >= 1 else { throw .invalidArgument("limit is at least 1; got \(request.limit)") }
        switch request.cue {
        case .text(let text): return try await recall(text: text, request, context)
        case .vector(let vector): return try await recall(vector: vector, request, context)
        }
    }

    /// Facts that have any of the words, by BM25 among the facts in scope. The index over the words finds them; the
    /// filter takes away, and does not change ranks.
    private func recall(text: String, _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        let words = Set(TextAnalyzer.standard.terms(text).map { Array(MongoWords.word($0).utf8) })
        if words.isEmpty { return FactMatches(matches: []) }
        let scope = Self.conditions(request.scope, request.depth, nil, context.now)
        let hasWord: BSONDocument = ["words.w": ["$in": .array(words.map { .string(MongoKey.text($0)) })]]
        let allowed = request.filter.map(MongoFilter.condition)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let (count, length) = try Self.size(scope, connection)
            var hits: [(key: String, length: Double, frequencies: [[UInt8]: Double])] = []
            var documents: [[UInt8]: Double] = [:]
            try connection.find(
                .facts, Self.all(scope + [hasWord]), fields: ["words": .int32(1), "length": .int32(1)]
            ) { (document) throws(StoreError) in
                guard let key = document["_id"]?.string, let length = document["length"]?.integer else {
                    throw .mongoForeign("the facts' collection")
                }
                var frequencies: [[UInt8]: Double] = [:]
                for entry in document["words"]?.array ?? [] {
                    guard let entry = entry.document, let word = entry["w"]?.string.map({ Array($0.utf8) }),
                        words.contains(word)
                    else { continue }
                    frequencies[word] = Double(entry["n"]?.integer ?? 1)
                    documents[word, default: 0] += 1
                }
                hits.append((key, Double(length), frequencies))
                return true
            }
            if let allowed {
                var keys: Set<[UInt8]> = []
                try connection.find(.facts, Self.all(scope + [hasWord, allowed]), fields: ["_id": .int32(1)]) {
                    if let key = $0["_id"]?.string { keys.insert(Array(key.utf8)) }
                    return true
                }
                hits.removeAll { !keys.contains(Array($0.key.utf8)) }
            }
            let mean = max(1, length / max(1, count))
            let ranked = hits.map { hit -> (key: String, score: Double) in
                let score = hit.frequencies.reduce(0.0) { sum, entry in
                    let found = documents[entry.key] ?? 1
                    let rarity = (count - found + 0.5) / (found + 0.5) + 1
                    let norm = 1.2 * (0.25 + 0.75 * hit.length / mean)
                    return sum + log(rarity) * entry.value * 2.2 / (entry.value + norm)
                }
                return (hit.key, score)
            }.sorted { $0.score == $1.score ? Self.precedes($0.key, $1.key) : $0.score > $1.score }
            let best = ranked.prefix(request.limit).map(\.key)
            let found = try MongoFactWriter(connection: connection).facts(best)
            return FactMatches(matches: best.compactMap { found[$0].map { FactMatch(fact: $0.fact) } })
        }
    }

    /// How many facts there are, and of how many words.
    private static func size(_ conditions: [BSONDocument], _ connection: MongoConnection) throws(StoreError)
        -> (count: Double, length: Double)
    {
        let reply = try connection.run([
            "aggregate": .string(connection.name(.facts)),
            "pipeline": [
                ["$match": .document(all(conditions))],
                ["$group": ["_id": .null, "count": ["$sum": 1], "length": ["$sum": "$length"]]],
            ],
            "cursor": [:],
        ])
        guard let group = reply["cursor"]?.document?["firstBatch"]?.array?.first?.document else { return (0, 0) }
        return (Double(group["count"]?.integer ?? 0), Double(group["length"]?.integer ?? 0))
    }

    /// Exact: every embedding in scope is compared.
    private func recall(vector: [Float], _ request: FactRecall, _ context: CallContext) async throws(StoreError)
        -> FactMatches
    {
        let norm = MongoVector.compare(MongoVector.bytes(vector), vector).norm
        guard norm > 0, norm.isFinite else {
            throw .invalidArgument("the vector to recall by is not finite or has length 0")
        }
        let conditions = Self.conditions(request.scope, request.depth, request.filter, context.now)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            var nearest: [(key: String, similarity: Double)] = []
            func cut() {
                nearest.sort {
                    $0.similarity == $1.similarity ? Self.precedes($0.key, $1.key) : $0.similarity > $1.similarity
                }
                nearest.removeLast(max(0, nearest.count - request.limit))
            }
            try connection.find(
                .facts, Self.all(conditions + [["embedding": ["$exists": true]]]), fields: ["embedding": .int32(1)]
            ) { (document) throws(StoreError) in
                guard let key = document["_id"]?.string, let stored = document["embedding"]?.bytes else {
                    throw .mongoForeign("the facts' collection")
                }
                guard stored.count == vector.count * 4 else { return true }
                let (dot, length) = MongoVector.compare(stored, vector)
                let similarity = dot / (norm * length)
                // An embedding of length 0 has no direction.
                if similarity.isFinite, similarity >= request.minSimilarity ?? -.infinity {
                    nearest.append((key, similarity))
                    if nearest.count / 2 > max(1000, request.limit) { cut() }
                }
                return true
            }
            cut()
            let found = try MongoFactWriter(connection: connection).facts(nearest.map(\.key))
            return FactMatches(
                matches: nearest.compactMap { match in
                    found[match.key].map {
                        FactMatch(
                            fact: $0.fact, similarity: match.similarity, score: (1 + match.similarity) / 2)
                    }
                })
        }
    }

    private static func all(_ conditions: [BSONDocument]) -> BSONDocument {
        ["$and": .array(conditions.map(BSONValue.document))]
    }

    private static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
