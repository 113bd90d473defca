#if HTTP
import StoresCore
import StoresHTTP

extension WeaviateVectorDriver {
    private typealias Arguments = [(name: StaticString, value: WeaviateValue)]

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        var found: [IDKey: StoredVectorRecord] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.idsInCall) {
            try context.check(applied: .no)
            let part = ids[start..<min(start + Self.idsInCall, ids.count)]
            let objects = try await objects(
                target, [("where", WeaviateFilter.records(part).value(.graphQL))], limit: part.count, include, nil,
                context)
            for object in objects { found[IDKey(object.record.id)] = object.record }
        }
        return ids.compactMap { found[IDKey($0)] }
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        let compiled = try compile(filter)
        return compiled == .nothing ? 0 : try await count(compiled, target, context)
    }

    func count(_ filter: TermFilter, _ target: VectorTarget, _ context: CallContext) async throws(StoreError) -> Int {
        var writer = JSONWriter()
        writer.raw("{Aggregate{")
        Self.appendField(target, condition(filter, target), to: &writer)
        writer.raw("{meta{count}}}}")
        let query = writer.finish()
        return try await existing(target, missing: 0, context) { () throws(StoreError) in
            try await api.query(query, resource: target.collection.name, context: context) { pull throws(StoreError) in
                var count: Int?
                try pull.array { pull throws(StoreError) in
                    try pull.object { pull, key throws(StoreError) in
                        guard key == "meta" else { return try pull.skip() }
                        try pull.object { pull, key throws(StoreError) in
                            if key == "count" { count = Int(clamping: try pull.int()) } else { try pull.skip() }
                        }
                    }
                }
                guard let count else { throw pull.error("a count without a number") }
                return count
            }
        }
    }

    /// In the order of Weaviate's own ids. The cursor is the last of the page before, there or not.
    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.filter == nil else {
            throw StoreError(.unsupported, "Weaviate scrolls in id order without a filter alone", applied: .no)
        }
        if let cursor = request.cursor {
            guard cursor.rawValue.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil else {
                throw .invalidArgument("the cursor was not given out by this store")
            }
        }
        let after: WeaviateValue = .text(request.cursor?.rawValue ?? "")
        let objects = try await objects(
            target, [("after", after)], limit: request.limit, request.include, "id", context)
        let last = objects.count < request.limit ? nil : objects.last?.uuid
        return Page(items: objects.map(\.record), next: last.map(Cursor.init(rawValue:)))
    }

    // MARK: Queries

    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try compile(query.filter)
        if filter == .nothing { return VectorMatches(matches: []) }
        let most = StoresWeaviate.capabilities.limits[.queryLimit] ?? query.limit
        var nearest = NearestMatches(limit: query.limit, minSimilarity: query.minSimilarity, most: most)
        var found = try await search(query, filter, nearest.asked, target, context)
        while nearest.needsMore(found, most: most) {
            found = try await search(query, filter, nearest.asked, target, context)
        }
        // The graph may have stranded matches; whether it has, only a count can say.
        var isComplete = true
        if found.count < query.limit { isComplete = try await count(filter, target, context) <= found.count }
        return VectorMatches(matches: nearest.best(found), isComplete: isComplete)
    }

    private func search(
        _ query: VectorQuery, _ filter: TermFilter, _ count: Int, _ target: VectorTarget, _ context: CallContext
    ) async throws(StoreError) -> [VectorMatch] {
        try context.check(applied: .no)
        let near: WeaviateValue = .object([
            ("vector", .floats(query.vector)), ("targetVectors", .texts(["\(WeaviateCodec.vectorName)"])),
        ])
        let objects = try await objects(
            target, [("nearVector", near)] + condition(filter, target), limit: count, query.include, "distance",
            context)
        var matches: [VectorMatch] = []
        for object in objects {
            guard let distance = object.distance else {
                throw StoreError(.corrupt, "a match without distance", resource: target.collection.name)
            }
            matches.append(
                Self.match(
                    object, similarity: WeaviateObject.similarity(ofDistance: distance, target.collection.metric)))
        }
        return matches
    }

    func textQuery(_ query: VectorTextQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try compile(query.filter)
        guard filter != .nothing, Self.hasWords(query.text) else { return VectorMatches(matches: []) }
        let words: WeaviateValue = .object([
            ("query", .text(query.text)), ("properties", .texts(["\(WeaviateCodec.document)"])),
        ])
        return Self.ranked(
            try await objects(
                target, [("bm25", words)] + condition(filter, target), limit: query.limit, query.include, "score",
                context))
    }

    /// Both searches and their reciprocal rank fusion in one request. Weaviate counts ranks from 0 with k = 60
    /// (usecases/traverser/hybrid/hybrid_fusion.go): what the core's own fusion is with k = 59.
    func hybridQuery(
        _ text: VectorTextQuery, _ vector: [Float], in target: VectorTarget, context: CallContext
    ) async throws(StoreError) -> VectorMatches {
        let filter = try compile(text.filter)
        if filter == .nothing { return VectorMatches(matches: []) }
        guard Self.hasWords(text.text) else {
            let query = VectorQuery(vector: vector, filter: text.filter, limit: text.limit, include: text.include)
            var found = try await self.query(query, in: target, context: context)
            for index in found.matches.indices { found.matches[index].similarity = nil }
            return found
        }
        let hybrid: WeaviateValue = .object([
            ("query", .text(text.text)), ("vector", .floats(vector)), ("alpha", .number(0.5)),
            ("fusionType", .word("rankedFusion")), ("properties", .texts(["\(WeaviateCodec.document)"])),
            ("targetVectors", .texts(["\(WeaviateCodec.vectorName)"])),
        ])
        return Self.ranked(
            try await objects(
                target, [("hybrid", hybrid)] + condition(filter, target), limit: text.limit, text.include, "score",
                context))
    }

    /// Whether BM25 finds any words.
    private static func hasWords(_ text: String) -> Bool { !TextAnalyzer.standard.terms(text).isEmpty }

    // MARK: Requests

    private func compile(_ filter: Filter?) throws(StoreError) -> TermFilter {
        guard let filter else { return .everything }
        return try TermFilter(filter, WeaviateCodec.form)
    }

    private func condition(_ filter: TermFilter, _ target: VectorTarget) -> Arguments {
        guard let compiled = WeaviateFilter(filter, WeaviateShape(target.collection)) else { return [] }
        return [("where", compiled.value(.graphQL))]
    }

    /// `{Get{Docs(tenant:"…",limit:10,…){…}}}`; nothing of a namespace that nobody wrote to.
    private func objects(
        _ target: VectorTarget, _ arguments: Arguments, limit: Int, _ include: VectorInclude,
        _ additional: StaticString?, _ context: CallContext
    ) async throws(StoreError) -> [WeaviateObject] {
        let query = Self.query(target, arguments, limit: limit, include, additional)
        return try await existing(target, missing: [], context) { () throws(StoreError) in
            try await api.query(query, resource: target.collection.name, context: context) { pull throws(StoreError) in
                try pull.list { pull throws(StoreError) in try WeaviateCodec.object(&pull) }
            }
        }
    }

    static func query(
        _ target: VectorTarget, _ arguments: [(name: StaticString, value: WeaviateValue)], limit: Int,
        _ include: VectorInclude, _ additional: StaticString?
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw("{Get{")
        appendField(target, [("limit", .whole(min(limit, Int(Int32.max))))] + arguments, to: &writer)
        WeaviateCodec.appendSelection(include, additional, to: &writer)
        writer.raw("}}")
        return writer.finish()
    }

    /// The class, whose name has letters, digits and `_` alone, and its arguments.
    private static func appendField(_ target: VectorTarget, _ arguments: Arguments, to writer: inout JSONWriter) {
        writer.bytes += WeaviateName.collection(target.collection.name).utf8
        writer.raw("(")
        WeaviateValue.append(
            [("tenant", .text(WeaviateName.tenant(target.namespace)))] + arguments, to: &writer, as: .graphQL)
        writer.raw(")")
    }

    private static func match(_ object: WeaviateObject, similarity: Double?) -> VectorMatch {
        VectorMatch(
            id: object.record.id, similarity: similarity, metadata: object.record.metadata,
            document: object.record.document, vector: object.record.vector)
    }

    /// Ranks alone, best first, ties by id.
    private static func ranked(_ objects: [WeaviateObject]) -> VectorMatches {
        let sorted = objects.sorted { a, b in
            let (left, right) = (a.score ?? 0, b.score ?? 0)
            return left == right ? IDKey(a.record.id) < IDKey(b.record.id) : left > right
        }
        return VectorMatches(matches: sorted.map { match($0, similarity: nil) })
    }
}
#endif
