import StoresCore

/// One store with a set of records in it, and how it answers.
struct OracleSide: Sendable {
    /// One way of asking a store for what a filter matches.
    struct Operation: Sendable {
        var name: String
        var ask: @Sendable (Filter, Question, _ limit: Int) async throws -> Answer

        init(_ name: String, _ ask: @escaping @Sendable (Filter, Question, _ limit: Int) async throws -> Answer) {
            self.name = name
            self.ask = ask
        }
    }

    /// What a store says to one filter in one operation.
    struct Answer: Sendable {
        var ids: [String] = []
        /// By position; empty where there are none.
        var similarities: [Double] = []
        /// Counts and totals.
        var count: Int?
        /// Whether the order of ids is part of the answer.
        var isOrdered = false
        /// The most ids asked for; the reference is always asked for all.
        var limit = Int.max
    }

    /// What is asked beside the filter.
    struct Question: Sendable {
        var vector: [Float]
        var words: String
        /// Of the store under test; the reference is asked for all.
        var limit: Int
    }

    static let everything = 1000

    let operations: [Operation]
    /// Deletes the matches where the tier can, and says how many there were and what is left.
    let delete: @Sendable (Filter) async throws -> Answer?
    let remove: @Sendable () async throws -> Void

    static func load(_ stores: Stores, _ tier: Tier, _ records: [OracleRecord], name: String) async throws -> OracleSide
    {
        switch tier {
        case .memory: try await memory(stores.memory, records, name)
        case .search: try await search(stores.search, records, name)
        default: try await vector(stores.vector, records, name)
        }
    }

    private static func vector(_ store: VectorStore, _ records: [OracleRecord], _ name: String) async throws
        -> OracleSide
    {
        let metrics: [(VectorMetric, VectorCapability)] = [(.cosine, .cosine), (.dot, .dot), (.euclidean, .euclidean)]
        let metric = metrics.first { store.capabilities.contains(.vector($0.1)) }?.0 ?? .cosine
        let collection = try await store.collection(name, dimensions: 4, metric: metric)
        try await collection.upsert(records.map { VectorRecord(id: $0.id, vector: $0.vector, metadata: $0.metadata) })
            .result.throwIfFailed()
        var operations = [
            Operation("query") { filter, question, limit in
                let matches = try await collection.query(question.vector, where: filter, limit: limit, include: [])
                return Answer(
                    ids: matches.map(\.id), similarities: matches.map { $0.similarity ?? .nan }, limit: limit)
            },
            Operation("count") { filter, _, _ in Answer(count: try await collection.count(where: filter)) },
        ]
        if store.capabilities.contains(.vector(.filteredScroll)) {
            operations.append(
                Operation("scroll") { filter, _, _ in
                    let page = try await collection.scroll(where: filter, limit: everything, include: [])
                    return Answer(ids: page.items.map(\.id), isOrdered: true)
                })
        }
        return OracleSide(
            operations: operations,
            delete: { filter in
                let deleted = try await collection.delete(where: filter)
                let left = try await collection.scroll(limit: everything, include: []).items.map(\.id)
                return Answer(ids: left, count: deleted)
            },
            remove: { _ = try await store.dropCollection(name, confirming: name) })
    }

    private static func memory(_ store: MemoryStore, _ records: [OracleRecord], _ name: String) async throws
        -> OracleSide
    {
        let scope: Scope = [name]
        let byVector = store.capabilities.contains(.memory(.recallByVector))
        try await store.put(
            records.map {
                FactDraft(
                    id: $0.id, scope: scope, content: $0.words, attributes: $0.metadata,
                    embedding: byVector ? $0.vector : nil)
            }
        ).throwIfFailed()
        var operations = [
            Operation("list") { filter, _, _ in
                let list = try await store.list(scope: scope, where: filter, limit: everything)
                return Answer(ids: list.items.map(\.id), isOrdered: true)
            }
        ]
        if byVector {
            operations.append(
                Operation("recall by vector") { filter, question, limit in
                    let found = try await store.recall(
                        vector: question.vector, scope: scope, where: filter, limit: limit)
                    return Answer(
                        ids: found.map(\.fact.id), similarities: found.map { $0.similarity ?? .nan }, limit: limit)
                })
        }
        if store.capabilities.contains(.memory(.recallByText)) {
            operations.append(
                Operation("recall by text") { filter, question, _ in
                    let found = try await store.recall(
                        text: question.words, scope: scope, where: filter, limit: everything)
                    return Answer(ids: found.map(\.fact.id))
                })
        }
        return OracleSide(
            operations: operations,
            delete: { _ in nil }, remove: { try await store.forget(scope: scope) })
    }

    private static func search(_ store: SearchStore, _ records: [OracleRecord], _ name: String) async throws
        -> OracleSide
    {
        let index = try await store.index(name, fields: ["body": .text(.standard)])
        try await index.upsert(
            records.map { record in
                SearchDocument(id: record.id, fields: record.metadata.merging(["body": .string(record.words)]) { $1 })
            }
        ).result.throwIfFailed()
        return OracleSide(
            operations: [
                Operation("search all") { filter, _, _ in
                    let all = try await index.search(.all, where: filter, limit: everything)
                    return Answer(ids: all.hits.map(\.id), count: all.total)
                },
                Operation("search match") { filter, question, _ in
                    let match = try await index.search(.match(question.words), where: filter, limit: everything)
                    return Answer(ids: match.hits.map(\.id), count: match.total)
                },
                Operation("count") { filter, _, _ in Answer(count: try await index.count(where: filter)) },
            ],
            delete: { filter in
                let deleted = try await index.delete(where: filter)
                let left = try await index.search(.all, limit: everything).hits.map(\.id)
                return Answer(ids: left, count: deleted)
            },
            remove: { try await store.dropIndex(name, confirming: name) })
    }
}

extension OracleSide.Answer {
    /// What differs from the reference's answer, which has everything; nil when nothing does.
    func difference(from reference: OracleSide.Answer, isExact: Bool) -> (expected: String, actual: String)? {
        if count != reference.count {
            return ("\(reference.count ?? -1) in number", "\(count ?? -1) in number")
        }
        if isOrdered {
            let isSame = ids.elementsEqual(reference.ids) { $0.utf8.elementsEqual($1.utf8) }
            return isSame ? nil : (Self.list(reference.ids), Self.list(ids))
        }
        guard limit < reference.ids.count else {
            if Set(ids.map(Bytes.init)) != Set(reference.ids.map(Bytes.init)) || ids.count != reference.ids.count {
                return (Self.list(reference.ids.sortedByBytes), Self.list(ids.sortedByBytes))
            }
            return similarityDifference(from: reference, isExact: isExact)
        }
        if ids.count != limit || Set(ids).count != limit || !Set(ids).isSubset(of: reference.ids) {
            return ("\(limit) of \(Self.list(reference.ids))", Self.list(ids))
        }
        return similarityDifference(from: reference, isExact: isExact)
    }

    /// Each id's similarity, and the similarity at each place: ties within the tolerance may change places.
    private func similarityDifference(from reference: OracleSide.Answer, isExact: Bool) -> (
        expected: String, actual: String
    )? {
        guard similarities.count == ids.count, reference.similarities.count == reference.ids.count,
            !similarities.isEmpty
        else { return nil }
        let exact = Dictionary(zip(reference.ids, reference.similarities), uniquingKeysWith: { first, _ in first })
        let tolerance = isExact ? 1e-4 : 2e-2
        for (place, id) in ids.enumerated() {
            let value = exact[id] ?? .nan
            if !(abs(similarities[place] - value) <= tolerance) {
                return ("similarity \(value) of \(id)", "similarity \(similarities[place]) of \(id)")
            }
            if isExact, !(abs(similarities[place] - reference.similarities[place]) <= tolerance) {
                return (
                    "similarity \(reference.similarities[place]) at place \(place)",
                    "similarity \(similarities[place]) at place \(place), of \(id)"
                )
            }
        }
        return nil
    }

    private static func list(_ ids: [String]) -> String {
        "\(ids.count): [" + ids.prefix(20).joined(separator: ", ") + (ids.count > 20 ? ", …]" : "]")
    }
}
