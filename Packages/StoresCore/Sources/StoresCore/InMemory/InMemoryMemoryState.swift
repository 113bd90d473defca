/// All facts and their history, and what they mean at an instant.
struct InMemoryMemoryState: Sendable {
    /// Sorted by scope, segment by segment, then by id: a scope is followed by what is under it.
    struct Key: Hashable, Comparable {
        let scope: [ByteKey]
        let id: ByteKey

        init(_ id: String, _ scope: Scope) {
            self.scope = scope.segments.map(ByteKey.init)
            self.id = ByteKey(id)
        }

        static func < (lhs: Key, rhs: Key) -> Bool {
            lhs.scope == rhs.scope ? lhs.id < rhs.id : lhs.scope.lexicographicallyPrecedes(rhs.scope)
        }
    }

    struct Record: Sendable {
        /// Nil after a delete.
        var fact: Fact?
        var embedding: [Float]?
        /// Never empty.
        var history: [FactRevision]
        /// Its number in the index.
        let row: Int

        /// What has expired is invisible with its history; of a deleted fact, what the last line says counts.
        func isExpired(_ now: Timestamp) -> Bool {
            guard let expiresAt = history.last?.fact.expiresAt else { return false }
            return expiresAt <= now
        }
    }

    private(set) var records: [Key: Record] = [:]
    private var order = InMemoryOrderedKeys<Key>()
    private(set) var index = InvertedIndex(analyzer: .standard)
    private var nextRow = 0

    func fact(_ id: String, _ scope: Scope, _ now: Timestamp) -> Fact? {
        visible(Key(id, scope), now)
    }

    func history(_ id: String, _ scope: Scope, _ now: Timestamp) -> [FactRevision] {
        guard let record = records[Key(id, scope)], !record.isExpired(now) else { return [] }
        return record.history
    }

    mutating func put(_ put: FactPut, _ now: Timestamp) -> Result<Fact, StoreError> {
        let draft = put.draft
        let key = Key(draft.id, draft.scope)
        let current = visible(key, now)
        if let wanted = put.ifVersion, wanted != current?.version ?? 0 {
            return .failure(Self.conflict(draft.id, wanted, current?.version ?? 0))
        }
        if let record = records[key], record.isExpired(now) { erase(key) }
        // Versions go on after a delete, so that a stale one never fits by chance (M3).
        let last = records[key]?.history.last?.fact.version ?? 0
        let fact = Fact(
            id: draft.id, scope: draft.scope, content: draft.content, attributes: draft.attributes,
            createdAt: current?.createdAt ?? now, updatedAt: now, version: last &+ 1,
            expiresAt: draft.expiresAt, source: draft.source)
        let line = FactRevision(change: .put, fact: fact, at: now)
        let row: Int
        if let known = records[key]?.row {
            row = known
            records[key]?.fact = fact
            records[key]?.embedding = draft.embedding
            records[key]?.history.append(line)
        } else {
            row = nextRow
            nextRow += 1
            records[key] = Record(fact: fact, embedding: draft.embedding, history: [line], row: row)
            order.insert(key)
        }
        index.set(row, [draft.content])
        return .success(fact)
    }

    mutating func delete(_ id: String, _ scope: Scope, _ ifVersion: Int64?, _ now: Timestamp) throws(StoreError) -> Bool
    {
        let key = Key(id, scope)
        guard let fact = visible(key, now), let row = records[key]?.row else { return false }
        if let ifVersion, ifVersion != fact.version { throw Self.conflict(id, ifVersion, fact.version) }
        records[key]?.fact = nil
        records[key]?.embedding = nil
        records[key]?.history.append(FactRevision(change: .delete, fact: fact, at: now))
        index.remove(row)
        return true
    }

    mutating func forget(_ scope: Scope, _ now: Timestamp) -> Int {
        var keys: [Key] = []
        forEachKey(in: scope, .subtree) { key in
            keys.append(key)
            return true
        }
        let count = keys.count { visible($0, now) != nil }
        for key in keys { erase(key) }
        return count
    }

    mutating func sweep(_ now: Timestamp) -> Int {
        let expired = records.filter { $0.value.isExpired(now) }
        for key in expired.keys { erase(key) }
        return expired.values.count { $0.fact != nil }
    }

    func list(_ request: FactListing, _ now: Timestamp) throws(StoreError) -> Page<Fact> {
        var after: Key?
        if let cursor = request.cursor {
            var parts = try CursorCodec.decode(cursor, parts: 2...)
            let id = parts.removeLast()
            after = Key(id, Scope(parts))
        }
        let filter = request.filter.map(CompiledFilter.init)
        var facts: [Fact] = []
        var next: Cursor?
        forEachKey(in: request.scope, request.depth, after: after) { key in
            guard let fact = visible(key, now), filter?.matches(fact.attributes) ?? true else { return true }
            if facts.count >= request.limit {
                next = facts.last.map { CursorCodec.encode($0.scope.segments + [$0.id]) }
                return false
            }
            facts.append(fact)
            return true
        }
        return Page(items: facts, next: next)
    }

    func visible(_ key: Key, _ now: Timestamp) -> Fact? {
        guard let record = records[key], let fact = record.fact, !record.isExpired(now) else { return nil }
        return fact
    }

    /// Hands out the keys of a scope in order, those of deleted and expired facts too, until `body` returns false.
    func forEachKey(in scope: Scope, _ depth: ScopeDepth, after: Key? = nil, _ body: (Key) -> Bool) {
        let wanted = scope.segments.map(ByteKey.init)
        order.forEach { key in
            if let after, key <= after { return true }
            return key.scope.lexicographicallyPrecedes(wanted)
        } _: { key in
            let isWithin = depth == .exact ? key.scope == wanted : key.scope.starts(with: wanted)
            return isWithin && body(key)
        }
    }

    private mutating func erase(_ key: Key) {
        guard let record = records.removeValue(forKey: key) else { return }
        order.remove(key)
        index.remove(record.row)
    }

    private static func conflict(_ id: String, _ wanted: Int64, _ current: Int64) -> StoreError {
        let wish = wanted == 0 ? "the fact must not exist yet" : "the fact must be at version \(wanted)"
        return StoreError(
            .conflict, "\(wish); \(current == 0 ? "it does not exist" : "it is at version \(current)")",
            remedy: "read the fact again and repeat the write with its version", resource: id, applied: .no,
            conflict: .version(current: current))
    }
}
