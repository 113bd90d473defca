/// A sorted set in chunks, so that a write moves a few hundred keys at most, whatever the size.
struct InMemoryOrderedKeys<Key: Comparable & Sendable>: Sendable {
    private static var maxChunk: Int { 512 }

    /// None is empty.
    private var chunks: [[Key]] = []
    private(set) var count = 0

    var first: Key? { chunks.first?.first }

    /// False when it was there already.
    @discardableResult
    mutating func insert(_ key: Key) -> Bool {
        guard !chunks.isEmpty else {
            chunks = [[key]]
            count = 1
            return true
        }
        let chunk = min(chunkIndex { $0 < key }, chunks.count - 1)
        let index = Self.partition(chunks[chunk]) { $0 < key }
        if index < chunks[chunk].count, chunks[chunk][index] == key { return false }
        chunks[chunk].insert(key, at: index)
        count += 1
        if chunks[chunk].count > Self.maxChunk {
            let half = chunks[chunk].count / 2
            let upper = Array(chunks[chunk][half...])
            chunks[chunk].removeLast(upper.count)
            chunks.insert(upper, at: chunk + 1)
        }
        return true
    }

    /// False when it was not there.
    @discardableResult
    mutating func remove(_ key: Key) -> Bool {
        let chunk = chunkIndex { $0 < key }
        guard chunk < chunks.count else { return false }
        let index = Self.partition(chunks[chunk]) { $0 < key }
        guard index < chunks[chunk].count, chunks[chunk][index] == key else { return false }
        chunks[chunk].remove(at: index)
        if chunks[chunk].isEmpty { chunks.remove(at: chunk) }
        count -= 1
        return true
    }

    /// Hands out keys in order, from the first that is not `before`, until `body` returns false.
    ///
    /// - Parameter before: True of a beginning of the order and false of the rest.
    func forEach(from before: (Key) -> Bool, _ body: (Key) -> Bool) {
        var chunk = chunkIndex(before)
        guard chunk < chunks.count else { return }
        var index = Self.partition(chunks[chunk], before)
        while chunk < chunks.count {
            while index < chunks[chunk].count {
                guard body(chunks[chunk][index]) else { return }
                index += 1
            }
            chunk += 1
            index = 0
        }
    }

    /// The first chunk whose last key is not `before`.
    private func chunkIndex(_ before: (Key) -> Bool) -> Int {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if let last = chunks[middle].last, before(last) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func partition(_ keys: [Key], _ before: (Key) -> Bool) -> Int {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if before(keys[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
