#if HTTP
import StoresCore
import StoresHTTP

extension PineconeVectorDriver {
    /// Bytes of ids in the URL of one fetch; servers and proxies take 8 KiB of a URL.
    private static let idBytesInFetch = 4096
    private static let idsInFetch = 100
    /// Ids that a list gives at most in a page, and records that a fetch by metadata gives: 4 MB is the longest reply.
    private static let pageSize = 100
    /// docs.pinecone.io, "Pinecone Database limits".
    private static let maxTopK = 10_000

    // MARK: Records

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        let found = try await backend.with(target, context) { site throws(StoreError) in
            try await fetch(ids.map(PineconeName.record), include, site, target, context)
        }
        return ids.compactMap { found[IDKey($0)] }
    }

    /// - Parameter keys: Ids as Pinecone has them.
    /// - Returns: By the ids as they were given.
    private func fetch(
        _ keys: [String], _ include: VectorInclude, _ site: HTTPService, _ target: VectorTarget,
        _ context: CallContext
    ) async throws(StoreError) -> [IDKey: StoredVectorRecord] {
        var found: [IDKey: StoredVectorRecord] = [:]
        var rest = keys[...]
        while !rest.isEmpty {
            try context.check(applied: .no)
            var query: [(name: String, value: String)] = []
            var bytes = 0
            while let key = rest.first, query.count < Self.idsInFetch, bytes < Self.idBytesInFetch {
                query.append(("ids", key))
                // Escaped, a character may take three.
                bytes += 5 + 3 * key.utf8.count
                rest.removeFirst()
            }
            query.append(("namespace", PineconeName.namespace(target.namespace)))
            let reply = try await PineconeAPI.send(
                HTTPCall(.get, ["vectors", "fetch"], query: query), to: site, resource: target.collection.name,
                context: context)
            for record in try Self.records(reply, include).records { found[IDKey(record.id)] = record }
        }
        return found
    }

    /// `{"vectors":{"id":{…}},"pagination":{"next":"…"}}`
    private static func records(_ reply: HTTPReply, _ include: VectorInclude) throws(StoreError)
        -> (records: [StoredVectorRecord], next: String?)
    {
        try JSONPull.read(reply.body) { pull throws(StoreError) in
            var records: [StoredVectorRecord] = []
            var next: String?
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "vectors":
                    if pull.takeNull() { return }
                    try pull.object { pull, _ throws(StoreError) in
                        records.append(try PineconeCodec.record(&pull, include: include).record)
                    }
                case "pagination": next = try Self.next(&pull)
                default: try pull.skip()
                }
            }
            return (records, next)
        }
    }

    private static func next(_ pull: inout JSONPull) throws(StoreError) -> String? {
        if pull.takeNull() { return nil }
        var next: String?
        try pull.object { pull, key throws(StoreError) in
            if key == "next" {
                next = try pull.optional { pull throws(StoreError) in try pull.string() }
            } else {
                try pull.skip()
            }
        }
        // An empty token is the end as well.
        return next?.isEmpty == true ? nil : next
    }

    // MARK: Lists

    /// In the order of Pinecone's ids, at most 100 in a page. The cursor is Pinecone's token.
    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.filter == nil else {
            throw StoreError(.unsupported, "Pinecone lists ids without a filter", applied: .no)
        }
        return try await backend.with(target, context) { site throws(StoreError) in
            let page = try await list(
                min(request.limit, Self.pageSize), request.cursor?.rawValue, site, target, context)
            let found = try await fetch(page.keys, request.include, site, target, context)
            let items = found.values.sorted { PineconeName.record($0.id) < PineconeName.record($1.id) }
            return Page(items: items, next: page.next.map { Cursor(rawValue: $0) })
        }
    }

    private func list(
        _ limit: Int, _ token: String?, _ site: HTTPService, _ target: VectorTarget, _ context: CallContext
    ) async throws(StoreError) -> (keys: [String], next: String?) {
        var query = [("namespace", PineconeName.namespace(target.namespace)), ("limit", "\(limit)")]
        if let token { query.append(("paginationToken", token)) }
        let reply = try await PineconeAPI.send(
            HTTPCall(.get, ["vectors", "list"], query: query), to: site, resource: target.collection.name,
            context: context)
        return try JSONPull.read(reply.body) { pull throws(StoreError) in
            var keys: [String] = []
            var next: String?
            try pull.object { pull, key throws(StoreError) in
                switch key {
                case "vectors":
                    if pull.takeNull() { return }
                    try pull.array { pull throws(StoreError) in
                        try pull.object { pull, key throws(StoreError) in
                            if key == "id" { keys.append(try pull.string()) } else { try pull.skip() }
                        }
                    }
                case "pagination": next = try Self.next(&pull)
                default: try pull.skip()
                }
            }
            return (keys, next)
        }
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        let compiled = try filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        return compiled == .nothing ? 0 : try await count(compiled, target, context)
    }

    /// Page by page: Pinecone's own counts lag behind its data, and know no filter.
    func count(_ filter: TermFilter, _ target: VectorTarget, _ context: CallContext) async throws(StoreError) -> Int {
        try await backend.with(target, context) { site throws(StoreError) in
            var count = 0
            var token: String?
            repeat {
                try context.check(applied: .no)
                if filter == .everything {
                    let page = try await list(Self.pageSize, token, site, target, context)
                    count += page.keys.count
                    token = page.next
                } else {
                    let page = try await matching(filter, token, site, target, context)
                    count += page.records.count
                    token = page.next
                }
            } while token != nil
            return count
        }
    }

    private func matching(
        _ filter: TermFilter, _ token: String?, _ site: HTTPService, _ target: VectorTarget, _ context: CallContext
    ) async throws(StoreError) -> (records: [StoredVectorRecord], next: String?) {
        var writer = JSONWriter()
        writer.raw("{\"namespace\":")
        writer.append(PineconeName.namespace(target.namespace))
        writer.raw(",\"limit\":")
        writer.append(Self.pageSize)
        if let token {
            writer.raw(",\"paginationToken\":")
            writer.append(token)
        }
        writer.raw(",\"filter\":")
        PineconeFilterCompiler.append(filter, to: &writer)
        writer.raw("}")
        let reply = try await PineconeAPI.send(
            HTTPCall(.post, ["vectors", "fetch_by_metadata"], body: writer.finish()), to: site,
            resource: target.collection.name, context: context)
        return try Self.records(reply, [])
    }

    // MARK: Queries

    func query(_ query: VectorQuery, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> VectorMatches
    {
        let filter = try query.filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        if filter == .nothing { return VectorMatches(matches: []) }
        var nearest = NearestMatches(limit: query.limit, minSimilarity: query.minSimilarity, most: Self.maxTopK)
        var found = try await search(query, filter, nearest.asked, target, context)
        while nearest.needsMore(found, most: Self.maxTopK) {
            found = try await search(query, filter, nearest.asked, target, context)
        }
        // An approximate search may have left matches out; whether it has, only a count can say.
        var isComplete = true
        if found.count < query.limit { isComplete = try await count(filter, target, context) <= found.count }
        return VectorMatches(matches: nearest.best(found), isComplete: isComplete)
    }

    private func search(
        _ query: VectorQuery, _ filter: TermFilter, _ count: Int, _ target: VectorTarget, _ context: CallContext
    ) async throws(StoreError) -> [VectorMatch] {
        try context.check(applied: .no)
        var writer = JSONWriter()
        writer.raw("{\"namespace\":")
        writer.append(PineconeName.namespace(target.namespace))
        writer.raw(",\"topK\":")
        writer.append(count)
        writer.raw(",\"vector\":")
        writer.append(query.vector)
        // Ids that are hashed stand in the metadata too.
        writer.raw(",\"includeMetadata\":true,\"includeValues\":")
        writer.append(.bool(query.include.contains(.vector)))
        if filter != .everything {
            writer.raw(",\"filter\":")
            PineconeFilterCompiler.append(filter, to: &writer)
        }
        writer.raw("}")
        let body = writer.finish()
        return try await backend.with(target, context) { site throws(StoreError) in
            let reply = try await PineconeAPI.send(
                HTTPCall(.post, ["query"], body: body), to: site, resource: target.collection.name, context: context)
            return try Self.matches(reply, query.include, target.collection.metric)
        }
    }

    static func matches(_ reply: HTTPReply, _ include: VectorInclude, _ metric: VectorMetric) throws(StoreError)
        -> [VectorMatch]
    {
        try JSONPull.read(reply.body) { pull throws(StoreError) in
            var found: [VectorMatch] = []
            try pull.object { pull, key throws(StoreError) in
                guard key == "matches", !pull.takeNull() else {
                    return key == "matches" ? () : try pull.skip()
                }
                found = try pull.list { pull throws(StoreError) in
                    let (record, score) = try PineconeCodec.record(&pull, include: include)
                    guard let score else { throw pull.error("a match without score") }
                    return VectorMatch(
                        id: record.id, similarity: Self.similarity(ofScore: score, metric),
                        metadata: record.metadata, document: record.document, vector: record.vector)
                }
            }
            return found
        }
    }

    /// Pinecone's scores (docs.pinecone.io, "Create an index", distance metrics): of `cosine` and `dotproduct` the
    /// similarity, of `euclidean` the square of the distance, the lowest is the closest.
    static func similarity(ofScore score: Double, _ metric: VectorMetric) -> Double {
        metric == .euclidean ? -max(0, score).squareRoot() : score
    }
}
#endif
