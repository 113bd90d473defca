import StoresCore

/// The memory tier: a document for each fact, see ``MongoFact``.
struct MongoMemoryDriver: MemoryDriver {
    let clients: MongoClients
    let puts: MongoBatcher<[MongoFactWrite], [Result<Fact, StoreError>]>

    // MARK: Writing

    func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>] {
        if puts.isEmpty { return [] }
        try context.check(applied: .no)
        let now = context.now
        let prepared = puts.map { put in
            Result<MongoFactWrite, StoreError> { () throws(StoreError) in
                try MongoFactWrite(put, now: now, stamp: context.ids.next())
            }
        }
        let writes = prepared.compactMap { try? $0.get() }
        let bytes = puts.reduce(0) { $0 + $1.draft.content.utf8.count + 1024 }
        var stored =
            writes.isEmpty
            ? [].makeIterator()
            : try await self.puts.run(writes, bytes: bytes, deadline: context.deadline).makeIterator()
        return prepared.map { item in
            item.flatMap { _ in
                stored.next() ?? .failure(StoreError(.internal, "a write has no result", applied: .unknown))
            }
        }
    }

    func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext) async throws(StoreError) -> Bool {
        let now = context.now
        let stamp = context.ids.next()
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            try MongoFactWriter(connection: connection).delete(id, scope, ifVersion, stamp, now)
        }
    }

    func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int {
        let now = context.now
        let filter = MongoFactKey.within(scope, .subtree)
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            try MongoFactWriter(connection: connection).erase(filter, now)
        }
    }

    func sweep(context: CallContext) async throws(StoreError) -> Int {
        let now = context.now
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let expired: BSONDocument = ["expires": ["$lte": .date(now.millisecondsSinceEpoch)]]
            let count = try connection.find(
                .facts, expired.merging(["deleted": ["$exists": false]]), fields: ["_id": .int32(1)]
            ).count
            _ = try MongoFactWriter(connection: connection).erase(expired, now)
            return count
        }
    }

    // MARK: Reading

    func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact] {
        let now = context.now
        let keys = ids.map { MongoFactKey($0, scope).id }
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let found = try MongoFactWriter(connection: connection).facts(keys)
            return keys.compactMap { key in found[key].flatMap { $0.isVisible(now) ? $0.fact : nil } }
        }
    }

    func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision] {
        let now = context.now
        let key = MongoFactKey(id, scope).id
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            guard let fact = try MongoFactWriter(connection: connection).facts([key])[key], !fact.isExpired(now)
            else { return [] }
            let last = fact.revision
            var lines: [FactRevision] = []
            try connection.find(.factLines, ["life": .string(fact.life)]) { (document) throws(StoreError) in
                guard let change = document["change"]?.string.flatMap(FactRevision.Change.init),
                    let at = document["at"]?.date
                else { throw .mongoForeign("the history", id) }
                let line = FactRevision(
                    change: change, fact: try MongoFact.fact(document, id, scope),
                    at: Timestamp(millisecondsSinceEpoch: at))
                // What was written since the fact was read is not part of this history.
                if Self.place(line) < Self.place(last) { lines.append(line) }
                return true
            }
            return lines.sorted { Self.place($0) < Self.place($1) } + [last]
        }
    }

    /// A delete keeps the version, and comes after the put.
    private static func place(_ line: FactRevision) -> (Int64, Int) {
        (line.fact.version, line.change == .put ? 0 : 1)
    }

    func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact> {
        var conditions = Self.conditions(request.scope, request.depth, request.filter, context.now)
        if let cursor = request.cursor {
            conditions.append(["_id": ["$gt": .string(try CursorCodec.decode(cursor, parts: 1...1)[0])]])
        }
        let filter: BSONDocument = ["$and": .array(conditions.map(BSONValue.document))]
        let limit = min(max(1, request.limit), 10_000)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            var facts: [MongoFact] = []
            try connection.find(
                .facts, filter, sort: ["_id": .int32(1)], fields: MongoFact.fields, limit: limit + 1
            ) { (document) throws(StoreError) in
                facts.append(try MongoFact(document))
                return true
            }
            guard facts.count > limit else { return Page(items: facts.map(\.fact), next: nil) }
            facts.removeLast()
            return Page(items: facts.map(\.fact), next: facts.last.map { CursorCodec.encode([$0.key]) })
        }
    }

    static func conditions(_ scope: Scope, _ depth: ScopeDepth, _ filter: Filter?, _ now: Timestamp) -> [BSONDocument] {
        [MongoFactKey.within(scope, depth), MongoFact.visible(now)] + (filter.map { [MongoFilter.condition($0)] } ?? [])
    }
}
