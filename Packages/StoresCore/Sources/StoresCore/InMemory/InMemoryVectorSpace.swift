import Synchronization

/// The records of one namespace of one collection.
///
/// Records lie densely in blocks; a removed one is replaced by the last. A reader takes the array of blocks under the
/// lock and scans outside; a writer copies a block, of at most 2 MiB, only while a reader holds it.
final class VectorSpace: Sendable {
    private struct State {
        var blocks: [VectorBlock] = []
        var slots: [ByteKey: Int] = [:]
        /// Ids added since the last scroll; nil until there is one.
        var fresh: [ByteKey]?
        /// Documents changed since the last text query, nil for none; nil until there is one.
        var documents: [ByteKey: String?]?
    }

    private let layout: VectorLayout
    private let metric: VectorMetric
    private let state = Mutex(State())
    private let order = Mutex<[ByteKey]>([])
    private let text = Mutex(DocumentIndex())

    init(spec: VectorCollectionSpec) {
        layout = VectorLayout(dimensions: spec.dimensions)
        metric = spec.metric
    }

    // MARK: Writing

    func prepare(_ records: [VectorRecord]) -> [PreparedVector] {
        records.map { PreparedVector($0, metric: metric) }
    }

    func upsert(_ records: [PreparedVector]) {
        state.withLock { state in
            for record in records { upsert(record, &state) }
        }
    }

    private func upsert(_ record: PreparedVector, _ state: inout State) {
        state.documents?[record.row.id] = .some(record.row.document)
        if let slot = state.slots[record.row.id] {
            let block = own(slot / layout.rowsPerBlock, &state)
            return block.replace(slot % layout.rowsPerBlock, with: record)
        }
        if state.blocks.last?.isFull ?? true {
            state.blocks.append(
                VectorBlock(layout: layout, capacity: state.blocks.isEmpty ? 16 : layout.rowsPerBlock))
        }
        state.slots[record.row.id] = state.slots.count
        noteFresh(record.row.id, &state)
        own(state.blocks.count - 1, &state).append(record)
    }

    /// Removes the records that are there and, if there is a filter, still match it; returns their ids.
    func remove(_ ids: [ByteKey], where filter: CompiledFilter? = nil) -> [ByteKey] {
        state.withLock { state in ids.filter { remove($0, filter, &state) } }
    }

    func removeAll() -> Int {
        state.withLock { state in
            let count = state.slots.count
            if state.documents != nil { for id in state.slots.keys { state.documents?[id] = .some(nil) } }
            state.blocks = []
            state.slots = [:]
            return count
        }
    }

    private func remove(_ id: ByteKey, _ filter: CompiledFilter?, _ state: inout State) -> Bool {
        guard let slot = state.slots[id] else { return false }
        let (number, row) = slot.quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        if let filter, !filter.matches(state.blocks[number].rows[row].metadata) { return false }
        // `own` anew for each write: a reference kept here would count as a reader.
        let lastNumber = state.blocks.count - 1
        if slot != state.slots.count - 1 {
            let moved = state.blocks[lastNumber].prepared(state.blocks[lastNumber].count - 1)
            own(number, &state).replace(row, with: moved)
            state.slots[moved.row.id] = slot
        }
        own(lastNumber, &state).removeLast()
        if state.blocks[lastNumber].count == 0 { state.blocks.removeLast() }
        state.slots[id] = nil
        state.documents?[id] = .some(nil)
        return true
    }

    /// The block, which may be written after this: nobody else has it.
    private func own(_ number: Int, _ state: inout State) -> VectorBlock {
        if !isKnownUniquelyReferenced(&state.blocks[number]) { state.blocks[number] = state.blocks[number].copy() }
        return state.blocks[number]
    }

    // MARK: Reading

    /// The blocks as they are now; they stay so.
    private var snapshot: [VectorBlock] { state.withLock { $0.blocks } }

    var count: Int { state.withLock { $0.slots.count } }

    func get(_ ids: [String], _ include: VectorInclude) -> [StoredVectorRecord] {
        state.withLock { state in ids.compactMap { record(ByteKey($0), nil, include, state) } }
    }

    private func record(
        _ id: ByteKey, _ filter: CompiledFilter?, _ include: VectorInclude, _ state: borrowing State
    ) -> StoredVectorRecord? {
        guard let slot = state.slots[id] else { return nil }
        let (number, row) = slot.quotientAndRemainder(dividingBy: layout.rowsPerBlock)
        let block = state.blocks[number]
        if let filter, !filter.matches(block.rows[row].metadata) { return nil }
        return block.record(row, include)
    }

    func query(_ query: VectorQuery, _ check: () throws(StoreError) -> Void) throws(StoreError) -> [VectorMatch] {
        let snapshot = snapshot
        let scan = VectorScan(
            blocks: snapshot, layout: layout, metric: metric, query: query.vector,
            filter: query.filter.map(CompiledFilter.init), limit: query.limit, minSimilarity: query.minSimilarity)
        return try scan.run(check).map { found in
            let record = snapshot[found.block].record(found.row, query.include)
            return VectorMatch(
                id: record.id, similarity: found.similarity, metadata: record.metadata, document: record.document,
                vector: record.vector)
        }
    }

    /// The ids of the records that match, in no order.
    func ids(where filter: CompiledFilter, _ check: () throws(StoreError) -> Void) throws(StoreError) -> [ByteKey] {
        var ids: [ByteKey] = []
        for block in snapshot {
            try check()
            for row in filter.root.mask(block).rows(of: block.count)
            where filter.matches(block.rows[Int(row)].metadata) {
                ids.append(block.rows[Int(row)].id)
            }
        }
        return ids
    }

    // MARK: Scrolling

    /// Records after the id, in id order; the last id visited when there are more.
    func scroll(
        after id: ByteKey?, _ filter: CompiledFilter?, limit: Int, _ include: VectorInclude,
        _ check: () throws(StoreError) -> Void
    ) throws(StoreError) -> (records: [StoredVectorRecord], last: ByteKey?) {
        let ids = orderedIDs()
        var next = id.map { id in ids.partition { id < $0 } } ?? 0
        var records: [StoredVectorRecord] = []
        while next < ids.count {
            try check()
            // In parts, so that writers are not held up for long.
            let end = min(ids.count, next + 256)
            state.withLock { state in
                while next < end, records.count < limit {
                    if let record = record(ids[next], filter, include, state) { records.append(record) }
                    next += 1
                }
            }
            if records.count >= limit { break }
        }
        return (records, next < ids.count && next > 0 ? ids[next - 1] : nil)
    }

    private func noteFresh(_ id: ByteKey, _ state: inout State) {
        guard let fresh = state.fresh else { return }
        // Nobody scrolls any more: the next scroll sorts all ids again.
        if fresh.count > state.slots.count + 1024 { state.fresh = nil } else { state.fresh?.append(id) }
    }

    /// All ids in order, and perhaps some that were removed. Sorted outside the writers' lock.
    private func orderedIDs() -> [ByteKey] {
        order.withLock { ordered in
            let (fresh, isWhole, live) = state.withLock { state -> ([ByteKey], Bool, Int) in
                defer { state.fresh = [] }
                if let fresh = state.fresh { return (fresh, false, state.slots.count) }
                return (Array(state.slots.keys), true, state.slots.count)
            }
            if isWhole {
                ordered = fresh.sorted()
            } else if !fresh.isEmpty {
                ordered = ordered.merged(with: fresh.sorted())
            }
            if ordered.count > 2 * live + 1024 {
                let keys = ordered
                ordered = state.withLock { state in keys.filter { state.slots[$0] != nil } }
            }
            return ordered
        }
    }

    // MARK: Text

    /// The records whose documents have any of the words, best first.
    func textQuery(_ query: VectorTextQuery, _ check: () throws(StoreError) -> Void) throws(StoreError) -> [VectorMatch]
    {
        let ranked = text.withLock { index in
            let changes = state.withLock { state -> [ByteKey: String?] in
                defer { state.documents = [:] }
                if let changes = state.documents { return changes }
                var documents: [ByteKey: String?] = [:]
                for block in state.blocks {
                    for row in block.rows where row.document != nil { documents[row.id] = row.document }
                }
                return documents
            }
            for (id, document) in changes { index.set(id, document) }
            return index.ranked(query.text)
        }
        let filter = query.filter.map(CompiledFilter.init)
        var matches: [VectorMatch] = []
        var next = 0
        while next < ranked.count, matches.count < query.limit {
            try check()
            let end = min(ranked.count, next + 256)
            state.withLock { state in
                while next < end, matches.count < query.limit {
                    if let record = record(ranked[next], filter, query.include, state) {
                        matches.append(
                            VectorMatch(
                                id: record.id, similarity: nil, metadata: record.metadata, document: record.document,
                                vector: record.vector))
                    }
                    next += 1
                }
            }
        }
        return matches
    }
}

/// The words of the documents.
private struct DocumentIndex {
    private var index = InvertedIndex(analyzer: .standard)
    private var numbers: [ByteKey: Int] = [:]
    private var ids: [Int: ByteKey] = [:]
    private var nextNumber = 0

    mutating func set(_ id: ByteKey, _ document: String?) {
        if let number = numbers[id] {
            if let document { return index.set(number, [document]) }
            index.remove(number)
            numbers[id] = nil
            ids[number] = nil
        } else if let document {
            numbers[id] = nextNumber
            ids[nextNumber] = id
            index.set(nextNumber, [document])
            nextNumber += 1
        }
    }

    func ranked(_ text: String) -> [ByteKey] {
        index.matchAny(text).compactMap { number, score in ids[number].map { ($0, score) } }
            .sorted { $0.1 == $1.1 ? $0.0 < $1.0 : $0.1 > $1.1 }
            .map(\.0)
    }
}

extension VectorBlock {
    func record(_ row: Int, _ include: VectorInclude) -> StoredVectorRecord {
        let found = rows[row]
        return StoredVectorRecord(
            id: found.id.text, metadata: include.contains(.metadata) ? found.metadata : [:],
            document: include.contains(.document) ? found.document : nil,
            vector: include.contains(.vector) ? vector(row) : nil)
    }
}

extension [ByteKey] {
    /// The first index whose element passes; in a sorted array, all after it do too.
    fileprivate func partition(_ passes: (ByteKey) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if passes(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Both sorted; an id that is in both, or twice in one, comes once.
    fileprivate func merged(with other: [ByteKey]) -> [ByteKey] {
        var result: [ByteKey] = []
        result.reserveCapacity(count + other.count)
        var (a, b) = (0, 0)
        while a < count || b < other.count {
            let takesOwn = b == other.count || (a < count && self[a] < other[b])
            let next = takesOwn ? self[a] : other[b]
            if takesOwn { a += 1 } else { b += 1 }
            if result.last != next { result.append(next) }
        }
        return result
    }
}
