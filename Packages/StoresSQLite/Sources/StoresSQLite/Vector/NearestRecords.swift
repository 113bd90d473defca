#if SQLite
import StoresCore

/// The best of the records that were scanned so far: a heap of at most `limit`, the worst on top.
///
/// Equals are ordered by id, which a scan does not read: it is looked up when two similarities are the same.
struct NearestRecords {
    struct Candidate {
        var record: Int64
        var similarity: Double
    }

    private var heap: [Candidate] = []
    private let limit: Int
    private let id: (Int64) throws(StoreError) -> [UInt8]

    init(limit: Int, id: @escaping (Int64) throws(StoreError) -> [UInt8]) {
        self.limit = max(0, limit)
        self.id = id
        heap.reserveCapacity(min(self.limit, 1024))
    }

    mutating func offer(_ record: Int64, _ similarity: Double) throws(StoreError) {
        guard limit > 0 else { return }
        let candidate = Candidate(record: record, similarity: similarity)
        if heap.count < limit {
            heap.append(candidate)
            try siftUp(heap.count - 1)
        } else if try isWorse(heap[0], candidate) {
            heap[0] = candidate
            try siftDown(0)
        }
    }

    /// Best first.
    mutating func sorted() throws(StoreError) -> [Candidate] {
        var result: [Candidate] = []
        result.reserveCapacity(heap.count)
        while let worst = heap.first {
            result.append(worst)
            let last = heap.removeLast()
            if !heap.isEmpty {
                heap[0] = last
                try siftDown(0)
            }
        }
        return result.reversed()
    }

    private func isWorse(_ a: Candidate, _ b: Candidate) throws(StoreError) -> Bool {
        if a.similarity != b.similarity { return a.similarity < b.similarity }
        if a.record == b.record { return false }
        return try id(b.record).lexicographicallyPrecedes(try id(a.record))
    }

    private mutating func siftUp(_ start: Int) throws(StoreError) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard try isWorse(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) throws(StoreError) {
        var parent = start
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if try isWorse(heap[child], heap[worst]) { worst = child }
            }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
#endif
