/// An exact nearest-neighbour search over the blocks of a snapshot.
struct VectorScan {
    /// More than float32 rounding can move a head's or a tail's product, relative to the lengths.
    static let slack = 1e-5

    /// Lengths whose products or squares could leave the range or the precision of float32.
    static func isExtreme(_ norm: Double) -> Bool {
        norm != 0 && !(norm >= 1e-15 && norm <= 1e15)
    }

    let blocks: [VectorBlock]
    let layout: VectorLayout
    let metric: VectorMetric
    let query: [Float]
    let filter: CompiledFilter?
    let limit: Int
    let minSimilarity: Double?
    /// An upper bound of the lengths of all vectors.
    let maxNorm: Double

    /// A row found, by what orders it within this scan: the similarity, or minus the squared distance.
    struct Found {
        var rank: Double
        var block: Int
        var row: Int
    }

    /// - Parameter check: Called now and then; what it throws ends the scan.
    func run(_ check: () throws(StoreError) -> Void) throws(StoreError) -> [(block: Int, row: Int, similarity: Double)]
    {
        guard limit > 0, query.count == layout.dimensions else { return [] }
        let queryNorm = query.withUnsafeBufferPointer { VectorKernel.norm($0) }
        let isExtreme = Self.isExtreme(queryNorm)
        // Under cosine the query is scaled to length 1 once, so that a row's product needs its own scale alone.
        let factor = metric == .cosine && queryNorm > 0 && !isExtreme ? Float(1 / queryNorm) : 1
        let scaled = query.map { $0 * factor }
        let tail = scaled.withUnsafeBufferPointer {
            VectorKernel.norm(UnsafeBufferPointer(rebasing: $0.dropFirst(layout.head)))
        }
        let reach = Float(tail + Self.slack * (metric == .cosine ? 1 : min(queryNorm, 1e30)))
        var top = TopRows(limit: limit, floor: floor(queryNorm), blocks: blocks)
        var scratch = Scratch(rows: layout.rowsPerBlock)
        for (number, block) in blocks.enumerated() {
            try check()
            let mask = filter?.root.mask(block) ?? .all
            if case .none = mask { continue }
            if isExtreme || block.extremeRows > 0 {
                scanPrecisely(number, mask, &top)
                continue
            }
            scaled.withUnsafeBufferPointer { query in
                guard let query = query.baseAddress else { return }
                if case .some(let bytes) = mask {
                    let rows = mask.rows(of: block.count)
                    if rows.count * 8 < block.count {
                        return scan(number, rows: rows.map { Int32($0) }, query, reach, &scratch, &top)
                    }
                    return scan(number, bytes, query, reach, &scratch, &top)
                }
                scan(number, nil, query, reach, &scratch, &top)
            }
        }
        return ranked(top.rows)
    }

    /// The rank below which nothing is wanted, less what rounding may take.
    private func floor(_ queryNorm: Double) -> Double {
        guard let minSimilarity else { return -.infinity }
        switch metric {
        case .cosine: return minSimilarity - Self.slack
        case .dot: return minSimilarity - Self.slack * queryNorm * maxNorm
        case .euclidean: return minSimilarity > 0 ? .infinity : -(minSimilarity * minSimilarity * 1.0001 + 1e-30)
        }
    }

    /// The last word on a row is the filter itself; columns only save it the work.
    private func passes(_ block: VectorBlock, _ row: Int) -> Bool {
        filter?.matches(block.rows[row].metadata) ?? true
    }

    /// Room for the numbers of one block.
    private struct Scratch {
        var heads: [Float]
        var tails: [Float]

        init(rows: Int) {
            heads = Array(repeating: 0, count: rows)
            tails = heads
        }
    }

    /// All heads at once, then the tails of those rows that may still be among the best.
    private func scan(
        _ number: Int, _ mask: [UInt8]?, _ query: UnsafePointer<Float>, _ reach: Float, _ scratch: inout Scratch,
        _ top: inout TopRows
    ) {
        let block = blocks[number]
        let isDistance = metric == .euclidean
        scratch.heads.withUnsafeMutableBufferPointer { heads in
            guard let heads = heads.baseAddress else { return }
            if isDistance {
                VectorKernel.squaredDistances(block.heads, block.count, query, layout.head, into: heads)
            } else {
                VectorKernel.dots(block.heads, block.count, query, layout.head, into: heads)
            }
        }
        if !top.isFull, limit <= 128, mask == nil {
            // The first block: those with the best heads set a bound that spares the others.
            var best = TopRows(limit: limit, floor: -.infinity, blocks: blocks)
            for row in 0..<block.count {
                let rank = isDistance ? -scratch.heads[row] : scratch.heads[row] * block.scales[row]
                if rank >= best.threshold { best.insert(Found(rank: Double(rank), block: number, row: row)) }
            }
            let rows = best.rows.map { Int32($0.row) }.sorted()
            let heads = rows.map { scratch.heads[Int($0)] }
            finish(number, rows, heads, query, &scratch, &top)
            // Never again: no bound is as low.
            for row in rows { scratch.heads[Int(row)] = isDistance ? .infinity : -.infinity }
        }
        var rows: [Int32] = []
        var heads: [Float] = []
        rows.reserveCapacity(block.count)
        heads.reserveCapacity(block.count)
        let threshold = top.threshold
        let count = block.count
        scratch.heads.withUnsafeBufferPointer { scores in
            block.scales.withUnsafeBufferPointer { scales in
                block.tailBounds.withUnsafeBufferPointer { bounds in
                    guard let scores = scores.baseAddress, let scales = scales.baseAddress,
                        let bounds = bounds.baseAddress
                    else { return }
                    func consider(_ row: Int) {
                        let bound = isDistance ? -scores[row] : (scores[row] + reach * bounds[row]) * scales[row]
                        if bound < threshold || bound == -.infinity { return }
                        if let mask, mask[row] == 0 { return }
                        rows.append(Int32(truncatingIfNeeded: row))
                        heads.append(scores[row])
                    }
                    var row = 0
                    while row + 8 <= count {
                        // Eight rows at a time, most of which are out of reach.
                        let s = UnsafeRawPointer(scores + row).loadUnaligned(as: SIMD8<Float>.self)
                        let t = UnsafeRawPointer(bounds + row).loadUnaligned(as: SIMD8<Float>.self)
                        let c = UnsafeRawPointer(scales + row).loadUnaligned(as: SIMD8<Float>.self)
                        let bound = isDistance ? -s : (s + reach * t) * c
                        if bound.max() >= threshold {
                            for place in row..<row + 8 { consider(place) }
                        }
                        row += 8
                    }
                    while row < count {
                        consider(row)
                        row += 1
                    }
                }
            }
        }
        finish(number, rows, heads, query, &scratch, &top)
    }

    /// Chosen rows alone: their heads, then the tails that matter.
    private func scan(
        _ number: Int, rows: [Int32], _ query: UnsafePointer<Float>, _ reach: Float, _ scratch: inout Scratch,
        _ top: inout TopRows
    ) {
        let block = blocks[number]
        let isDistance = metric == .euclidean
        scratch.heads.withUnsafeMutableBufferPointer { heads in
            guard let heads = heads.baseAddress else { return }
            if isDistance {
                VectorKernel.squaredDistances(block.heads, rows, query, layout.head, into: heads)
            } else {
                VectorKernel.dots(block.heads, rows, query, layout.head, into: heads)
            }
        }
        let threshold = top.threshold
        var remaining: [Int32] = []
        var heads: [Float] = []
        for (index, row) in rows.enumerated() {
            let head = scratch.heads[index]
            let bound = isDistance ? -head : (head + reach * block.tailBounds[Int(row)]) * block.scales[Int(row)]
            if bound < threshold { continue }
            remaining.append(row)
            heads.append(head)
        }
        finish(number, remaining, heads, query, &scratch, &top)
    }

    /// Adds the tails of these rows and keeps the best.
    private func finish(
        _ number: Int, _ rows: [Int32], _ heads: [Float], _ query: UnsafePointer<Float>, _ scratch: inout Scratch,
        _ top: inout TopRows
    ) {
        let block = blocks[number]
        let isDistance = metric == .euclidean
        scratch.tails.withUnsafeMutableBufferPointer { tails in
            guard let tails = tails.baseAddress, layout.tail > 0 else { return }
            if rows.count * 2 > block.count {
                // Reading all of them in order is faster than most of them here and there.
                if isDistance {
                    VectorKernel.squaredDistances(
                        block.tails, block.count, query + layout.head, layout.tail, into: tails)
                } else {
                    VectorKernel.dots(block.tails, block.count, query + layout.head, layout.tail, into: tails)
                }
                // Rows ascend: a place is never behind its row.
                for (index, row) in rows.enumerated() { tails[index] = tails[Int(row)] }
            } else if isDistance {
                VectorKernel.squaredDistances(block.tails, rows, query + layout.head, layout.tail, into: tails)
            } else {
                VectorKernel.dots(block.tails, rows, query + layout.head, layout.tail, into: tails)
            }
        }
        var threshold = top.threshold
        for (index, row) in rows.enumerated() {
            let sum = heads[index] + scratch.tails[index]
            let rank = isDistance ? -sum : sum * block.scales[Int(row)]
            guard rank >= threshold, passes(block, Int(row)) else { continue }
            top.insert(Found(rank: Double(rank), block: number, row: Int(row)))
            threshold = top.threshold
        }
    }

    /// In double precision, for lengths that float32 cannot multiply.
    private func scanPrecisely(_ number: Int, _ mask: FilterMask, _ top: inout TopRows) {
        let block = blocks[number]
        for row in mask.rows(of: block.count) {
            let similarity = VectorKernel.similarity(metric, query, block.vector(row))
            let rank = metric == .euclidean ? -similarity * similarity : similarity
            guard passes(block, row) else { continue }
            top.insert(Found(rank: rank, block: number, row: row))
        }
    }

    /// The exact similarities of the rows found, best first.
    private func ranked(_ rows: [Found]) -> [(block: Int, row: Int, similarity: Double)] {
        rows.map { found in
            let vector = blocks[found.block].vector(found.row)
            return (found.block, found.row, VectorKernel.similarity(metric, query, vector))
        }
        .filter { found in minSimilarity.map { found.2 >= $0 } ?? true }
        .sorted { a, b in
            a.2 == b.2 ? blocks[a.0].rows[a.1].id < blocks[b.0].rows[b.1].id : a.2 > b.2
        }
    }
}

/// The best rows so far: a heap of bounded size with the worst on top. Ties go to the lower id (V8).
struct TopRows {
    private(set) var rows: [VectorScan.Found] = []
    private let limit: Int
    private let floor: Double
    private let blocks: [VectorBlock]

    init(limit: Int, floor: Double, blocks: [VectorBlock]) {
        self.limit = limit
        self.floor = floor
        self.blocks = blocks
    }

    var isFull: Bool { rows.count >= limit }

    /// A row with a lower rank is not wanted.
    var threshold: Float {
        let bound = rows.count < limit ? floor : max(floor, rows[0].rank)
        let rounded = Float(bound)
        return Double(rounded) > bound ? rounded.nextDown : rounded
    }

    mutating func insert(_ found: VectorScan.Found) {
        guard found.rank >= floor else { return }
        if rows.count < limit {
            rows.append(found)
            var index = rows.count - 1
            while index > 0, isWorse(rows[index], rows[(index - 1) / 2]) {
                rows.swapAt(index, (index - 1) / 2)
                index = (index - 1) / 2
            }
        } else if isWorse(rows[0], found) {
            rows[0] = found
            var index = 0
            while true {
                var worst = index
                for child in [2 * index + 1, 2 * index + 2]
                where child < rows.count && isWorse(rows[child], rows[worst]) {
                    worst = child
                }
                if worst == index { return }
                rows.swapAt(index, worst)
                index = worst
            }
        }
    }

    private func isWorse(_ a: VectorScan.Found, _ b: VectorScan.Found) -> Bool {
        if a.rank != b.rank { return a.rank < b.rank }
        return blocks[b.block].rows[b.row].id < blocks[a.block].rows[a.row].id
    }
}
