import CStoresKernels

/// An exact nearest-neighbour search over the blocks of a snapshot.
///
/// It reads the high plane of all rows, half of their bytes, which bounds the rank of each (see `VectorBounds`). Rows
/// whose upper bound is below the `limit` best lower bounds are out; the few that remain are compared in double
/// precision, from both planes.
struct VectorScan {
    let blocks: [VectorBlock]
    let layout: VectorLayout
    let metric: VectorMetric
    let query: [Float]
    let filter: CompiledFilter?
    let limit: Int
    let minSimilarity: Double?

    struct Found {
        var block: Int
        var row: Int
        var similarity: Double
    }

    private struct Candidate {
        var upper: Float
        var block: Int32
        var row: Int32
    }

    /// What is known while the blocks go by.
    private struct Progress {
        var lowers: LargestNumbers
        var threshold: Float
        var candidates: [Candidate] = []
    }

    /// - Parameter check: Called before each block; what it throws ends the scan.
    func run(_ check: () throws(StoreError) -> Void) throws(StoreError) -> [Found] {
        guard limit > 0, query.count == layout.dimensions else { return [] }
        let probe = VectorProbe(query, metric)
        var progress = Progress(lowers: LargestNumbers(limit: limit), threshold: floor)
        var products = Array(repeating: Float(0), count: layout.rowsPerBlock)
        for (number, block) in blocks.enumerated() {
            try check()
            let mask = filter?.root.mask(block) ?? .all
            let passing = mask.count(of: block.count)
            if passing == 0 { continue }
            // Reading some rows here and there costs more for each than reading all of them in order.
            let chosen = passing * 6 < block.count ? mask.rows(of: block.count) : nil
            let count = chosen?.count ?? block.count
            VectorKernel.dots(block.high, chosen, count: count, probe.query, into: &products)
            products.withUnsafeBufferPointer { products in
                let products = UnsafeBufferPointer(rebasing: products[..<count])
                if let chosen {
                    consider(products, number, probe, &progress) { Int(chosen[$0]) }
                } else if case .some(let bytes) = mask {
                    consider(products, number, probe, &progress, { $0 }, where: { bytes[$0] != 0 })
                } else {
                    consider(products, number, probe, &progress) { $0 }
                }
            }
        }
        return best(progress.candidates.filter { !($0.upper < progress.threshold) })
    }

    /// Keeps the rows that may be among the best.
    @inline(__always)
    private func consider(
        _ products: UnsafeBufferPointer<Float>, _ number: Int, _ probe: VectorProbe, _ progress: inout Progress,
        _ row: (Int) -> Int, where isWanted: (Int) -> Bool = { _ in true }
    ) {
        let block = blocks[number]
        block.bounds.withUnsafeBufferPointer { bounds in
            for index in products.indices {
                let row = row(index)
                let upper = probe.upper(products[index], bounds[row])
                // Not a number: anything is possible.
                if upper < progress.threshold || !isWanted(row) { continue }
                // The last word on a row is the filter itself; columns only save it the work.
                if let filter, !filter.matches(block.rows[row].metadata) { continue }
                progress.candidates.append(
                    Candidate(
                        upper: upper, block: Int32(truncatingIfNeeded: number), row: Int32(truncatingIfNeeded: row)))
                progress.lowers.insert(probe.lower(upper, bounds[row]))
                progress.threshold = max(progress.threshold, progress.lowers.least)
            }
        }
    }

    /// A rank below that of the least similarity wanted.
    private var floor: Float {
        guard let minSimilarity else { return -.infinity }
        switch metric {
        case .cosine, .dot: return Float(minSimilarity).nextDown
        case .euclidean:
            if minSimilarity > 0 { return .infinity }
            let length = VectorKernel.norm(query)
            return Float((length * length - minSimilarity * minSimilarity) / 2).nextDown
        }
    }

    /// The candidates by their exact similarities, best first; ties go to the lower id (V8).
    private func best(_ candidates: [Candidate]) -> [Found] {
        let queryNorm = VectorKernel.norm(query)
        let found = candidates.compactMap { candidate -> Found? in
            let (block, row) = (Int(candidate.block), Int(candidate.row))
            let similarity = similarity(blocks[block].sums(row, query), queryNorm)
            if let minSimilarity, similarity < minSimilarity { return nil }
            return Found(block: block, row: row, similarity: similarity)
        }
        .sorted { a, b in
            if a.similarity != b.similarity { return a.similarity > b.similarity }
            return blocks[a.block].rows[a.row].id < blocks[b.block].rows[b.row].id
        }
        return Array(found.prefix(limit))
    }

    /// The similarity of V6. Cosine with a vector without length is 0.
    private func similarity(_ sums: StoresSums, _ queryNorm: Double) -> Double {
        switch metric {
        case .dot: return sums.product
        case .euclidean: return -sums.squared_distance.squareRoot()
        case .cosine:
            let lengths = sums.squared_length.squareRoot() * queryNorm
            return lengths > 0 ? sums.product / lengths : 0
        }
    }
}

/// The largest of many numbers: a heap of bounded size with the least on top.
struct LargestNumbers {
    private var heap: [Float] = []
    private let limit: Int

    /// - Parameter limit: How many to keep; at least 1.
    init(limit: Int) { self.limit = limit }

    /// The least of them when there are `limit`, else −∞.
    var least: Float { heap.count < limit ? -.infinity : heap[0] }

    /// What is not a number, or −∞, is nothing.
    mutating func insert(_ number: Float) {
        guard number > least else { return }
        if heap.count < limit {
            heap.append(number)
            var index = heap.count - 1
            while index > 0, heap[index] < heap[(index - 1) / 2] {
                heap.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
            return
        }
        heap[0] = number
        var index = 0
        while 2 * index + 1 < limit {
            var child = 2 * index + 1
            if child + 1 < limit, heap[child + 1] < heap[child] { child += 1 }
            if heap[index] <= heap[child] { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
