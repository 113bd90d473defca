#if HTTP
import StoresCore
import StoresHTTP

extension ChromaVectorDriver {
    /// The record reads of `get`: pages of ids with what was asked for beside them.
    ///
    /// - Parameter read: Takes the ids of a part, and the same reply again for its columns.
    func get(
        _ collection: ChromaCollection, ids: [String], include: [String], _ context: CallContext,
        _ read: ([String], inout JSONPull) throws(StoreError) -> Void
    ) async throws(StoreError) {
        for start in stride(from: 0, to: ids.count, by: Self.idsInCall) {
            try context.check(applied: .no)
            var writer = JSONWriter()
            writer.raw("{\"ids\":")
            writer.append(Array(ids[start..<min(start + Self.idsInCall, ids.count)]))
            writer.raw(",\"include\":")
            writer.append(include)
            writer.raw("}")
            let reply = try await api.send(
                .post, ["collections", collection.id, "get"], body: writer.finish(), context: context)
            let found = try Self.ids(reply)
            var pull = JSONPull(reply)
            try read(found, &pull)
        }
    }

    static func ids(_ reply: [UInt8]) throws(StoreError) -> [String] {
        var ids: [String] = []
        var pull = JSONPull(reply)
        try pull.columns("ids") { pull throws(StoreError) in ids.append(try pull.string()) }
        return ids
    }

    /// The names by which Chroma includes columns. A document is read together with the metadata, which says whether
    /// there is one.
    static func include(_ include: VectorInclude) -> [String] {
        var names: [String] = []
        if !include.isDisjoint(with: [.metadata, .document]) { names.append("metadatas") }
        if include.contains(.document) { names.append("documents") }
        if include.contains(.vector) { names.append("embeddings") }
        return names
    }

    /// The records of a reply of `get`.
    static func records(_ reply: [UInt8], include: VectorInclude) throws(StoreError) -> [StoredVectorRecord] {
        try JSONPull.read(reply) { pull throws(StoreError) in
            let columns = try ChromaColumns(&pull, include: include)
            return try columns.records(pull)
        }
    }

    func get(_ ids: [String], from target: VectorTarget, include: VectorInclude, context: CallContext)
        async throws(StoreError) -> [StoredVectorRecord]
    {
        try await backend.with(target, missing: [], context) { collection throws(StoreError) in
            var found: [IDKey: StoredVectorRecord] = [:]
            for start in stride(from: 0, to: ids.count, by: Self.idsInCall) {
                try context.check(applied: .no)
                var writer = JSONWriter()
                writer.raw("{\"ids\":")
                writer.append(Array(ids[start..<min(start + Self.idsInCall, ids.count)]))
                writer.raw(",\"include\":")
                writer.append(Self.include(include))
                writer.raw("}")
                let reply = try await api.send(
                    .post, ["collections", collection.id, "get"], body: writer.finish(),
                    resource: target.collection.name, context: context)
                for record in try Self.records(reply, include: include) { found[IDKey(record.id)] = record }
            }
            return ids.compactMap { found[IDKey($0)] }
        }
    }

    func count(where filter: Filter?, in target: VectorTarget, context: CallContext) async throws(StoreError) -> Int {
        let compiled = try filter.map { filter throws(StoreError) in try TermFilter(filter) } ?? .everything
        if compiled == .nothing { return 0 }
        return try await backend.with(target, missing: 0, context) { collection throws(StoreError) in
            try await count(compiled, collection, context)
        }
    }

    /// Chroma counts a whole collection; of a filter's matches it gives the ids, which are counted page by page.
    func count(_ filter: TermFilter, _ collection: ChromaCollection, _ context: CallContext) async throws(StoreError)
        -> Int
    {
        if filter == .everything {
            let reply = try await api.send(.get, ["collections", collection.id, "count"], context: context)
            return Int(clamping: try JSONPull.read(reply) { pull throws(StoreError) in try pull.int() })
        }
        var count = 0
        while true {
            try context.check(applied: .no)
            var writer = JSONWriter()
            writer.raw("{\"where\":")
            ChromaFilterCompiler.appendWhole(filter, to: &writer)
            writer.raw(",\"include\":[],\"limit\":")
            writer.append(Self.pageSize)
            writer.raw(",\"offset\":")
            writer.append(count)
            writer.raw("}")
            let reply = try await api.send(
                .post, ["collections", collection.id, "get"], body: writer.finish(), context: context)
            var page = 0
            var pull = JSONPull(reply)
            try pull.columns("ids") { pull throws(StoreError) in
                try pull.skip()
                page += 1
            }
            count += page
            if page < Self.pageSize { return count }
        }
    }

    // MARK: Scroll

    /// In the order of the ids' hashes, then of the ids. Chroma's own order is that of insertion, by offset: a deletion
    /// before the offset would make it skip. A page is what a range of hashes holds; the range is chosen by the number
    /// of records, halved when it holds too many and doubled when it holds none.
    func scroll(_ request: VectorScroll, in target: VectorTarget, context: CallContext) async throws(StoreError)
        -> Page<StoredVectorRecord>
    {
        guard request.filter == nil else {
            throw StoreError(.unsupported, "Chroma scrolls without a filter", applied: .no)
        }
        var position =
            try request.cursor.map { cursor throws(StoreError) in try ChromaPosition(cursor) }
            ?? ChromaPosition()
        return try await backend.with(target, missing: Page(items: [], next: nil), context) {
            collection throws(StoreError) in
            let total = try await count(.everything, collection, context)
            var width = ChromaPosition.end
            if total > request.limit {
                width = max(1, UInt64(Double(ChromaPosition.end) * 0.8 * Double(request.limit) / Double(total)))
            }
            var items: [StoredVectorRecord] = []
            while items.isEmpty, position.hash < ChromaPosition.end {
                try context.check(applied: .no)
                let below = min(ChromaPosition.end, position.hash + width)
                let ids = try await self.ids(collection, from: position, below: below, context)
                if ids.count > request.limit, below - position.hash > 1 {
                    width = (below - position.hash) / 2
                    continue
                }
                // One hash alone with more ids than a page holds goes on within the hash.
                let page = Array(ids.prefix(request.limit))
                if let last = page.last, ids.count > page.count {
                    position.id = last
                } else {
                    position = ChromaPosition(hash: below)
                }
                width = min(width, ChromaPosition.end / 2) * 2
                items = try await get(page, from: target, include: request.include, context: context)
            }
            return Page(items: items, next: position.hash < ChromaPosition.end ? position.cursor : nil)
        }
    }

    /// The ids in a range of hashes, in order.
    private func ids(
        _ collection: ChromaCollection, from position: ChromaPosition, below: UInt64, _ context: CallContext
    ) async throws(StoreError) -> [String] {
        var writer = JSONWriter()
        writer.raw("{\"where\":{\"$or\":")
        writer.list([0, ChromaCodec.firstWithTerms]) { writer, first in
            writer.raw("{\"$and\":[{\"_stores_place\":{\"$gte\":")
            writer.append(first + Int(position.hash) << 1)
            writer.raw("}},{\"_stores_place\":{\"$lt\":")
            writer.append(first + Int(below) << 1)
            writer.raw("}}]}")
        }
        writer.raw("},\"include\":[]}")
        let reply = try await api.send(
            .post, ["collections", collection.id, "get"], body: writer.finish(), context: context)
        let found = try Self.ids(reply).map { (hash: ChromaCodec.hash($0), key: IDKey($0)) }
        let after = position.id.map { IDKey($0) }
        return found.filter { item in item.hash > position.hash || after.map { $0 < item.key } ?? true }
            .sorted { $0.hash == $1.hash ? $0.key < $1.key : $0.hash < $1.hash }.map(\.key.id)
    }
}
#endif
