import Synchronization

/// What is known of a record beside its vector.
struct VectorRow: Sendable {
    var id: ByteKey
    var metadata: Metadata
    var document: String?
}

/// How a collection's vectors lie in blocks.
///
/// Each vector is cut in a head and a tail, and a block holds all heads, then all tails. A scan reads the heads; by the
/// Cauchy–Schwarz inequality a head's dot product bounds that of the whole, and most tails are never read.
struct VectorLayout: Sendable, Hashable {
    let dimensions: Int
    let head: Int
    let rowsPerBlock: Int

    var tail: Int { dimensions - head }

    init(dimensions: Int) {
        self.dimensions = max(1, dimensions)
        // Three quarters: measured on sentence embeddings, 19 of 20 rows are decided by then. Short vectors stay whole.
        head = self.dimensions >= 64 ? self.dimensions * 3 / 4 / 16 * 16 : self.dimensions
        // 2 MiB, which bounds what a writer copies when a reader holds the block.
        rowsPerBlock = max(16, min(4096, (2 << 20) / (4 * self.dimensions) / 8 * 8))
    }
}

/// Some rows: their vectors in one aligned buffer, and the columns that filters were asked about.
///
/// `@unchecked`: a block is written only by the one that holds the only reference to it (see `VectorSpace`), and never
/// again once it is shared; the columns have a lock.
final class VectorBlock: @unchecked Sendable {
    static let maxColumns = 32

    let layout: VectorLayout
    private(set) var rows: [VectorRow] = []
    /// 1 / length under cosine, else 1; for each row.
    private(set) var scales: [Float] = []
    /// The length of the tail and a little more, which covers rounding; for each row.
    private(set) var tailBounds: [Float] = []
    /// Rows whose lengths float32 arithmetic cannot be trusted with. Such a block is scanned in double precision.
    private(set) var extremeRows = 0
    private var storage: UnsafeMutablePointer<Float>
    private var capacity: Int
    private let columns = Mutex<[FieldPath: FilterColumn]>([:])

    init(layout: VectorLayout, capacity: Int) {
        self.layout = layout
        self.capacity = max(1, min(capacity, layout.rowsPerBlock))
        storage = Self.allocate(self.capacity * layout.dimensions)
    }

    deinit { storage.deallocate() }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: count)
    }

    var count: Int { rows.count }
    var isFull: Bool { rows.count == layout.rowsPerBlock }

    /// The heads of all rows, one after the other. Valid while the block is referenced.
    var heads: UnsafePointer<Float> { UnsafePointer(storage) }
    var tails: UnsafePointer<Float> { UnsafePointer(storage + capacity * layout.head) }

    /// The vector as it was written, bit for bit.
    func vector(_ row: Int) -> [Float] {
        Array(unsafeUninitializedCapacity: layout.dimensions) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            base.update(from: heads + row * layout.head, count: layout.head)
            (base + layout.head).update(from: tails + row * layout.tail, count: layout.tail)
            count = layout.dimensions
        }
    }

    func copy() -> VectorBlock {
        let block = VectorBlock(layout: layout, capacity: capacity)
        block.storage.update(from: storage, count: capacity * layout.dimensions)
        block.rows = rows
        block.scales = scales
        block.tailBounds = tailBounds
        block.extremeRows = extremeRows
        return block
    }

    func append(_ record: PreparedVector) {
        if rows.count == capacity { grow() }
        rows.append(record.row)
        scales.append(record.scale)
        tailBounds.append(record.tailBound)
        write(record, at: rows.count - 1)
    }

    func replace(_ row: Int, with record: PreparedVector) {
        if isExtreme(row) { extremeRows -= 1 }
        rows[row] = record.row
        scales[row] = record.scale
        tailBounds[row] = record.tailBound
        write(record, at: row)
    }

    func removeLast() {
        if isExtreme(rows.count - 1) { extremeRows -= 1 }
        rows.removeLast()
        scales.removeLast()
        tailBounds.removeLast()
        forgetColumns()
    }

    /// The row in the form in which it is written to another place.
    func prepared(_ row: Int) -> PreparedVector {
        PreparedVector(row: rows[row], vector: vector(row), scale: scales[row], tailBound: tailBounds[row])
    }

    private func isExtreme(_ row: Int) -> Bool { scales[row].isNaN }

    private func write(_ record: PreparedVector, at row: Int) {
        record.vector.withUnsafeBufferPointer { vector in
            guard let base = vector.baseAddress, vector.count == layout.dimensions else { return }
            (storage + row * layout.head).update(from: base, count: layout.head)
            (storage + capacity * layout.head + row * layout.tail).update(from: base + layout.head, count: layout.tail)
        }
        if isExtreme(row) { extremeRows += 1 }
        forgetColumns()
    }

    private func grow() {
        let larger = min(capacity * 2, layout.rowsPerBlock)
        let moved = Self.allocate(larger * layout.dimensions)
        moved.update(from: storage, count: rows.count * layout.head)
        (moved + larger * layout.head).update(
            from: storage + capacity * layout.head, count: rows.count * layout.tail)
        storage.deallocate()
        storage = moved
        capacity = larger
    }

    private func forgetColumns() {
        columns.withLock { if !$0.isEmpty { $0 = [:] } }
    }

    /// The values of a field in this block, gathered at its first use.
    func column(_ field: FieldLookup) -> FilterColumn {
        if let column = columns.withLock({ $0[field.path] }) { return column }
        let column = FilterColumn(rows.map { field.value(in: $0.metadata) })
        columns.withLock {
            if $0.count >= Self.maxColumns { $0 = [:] }
            $0[field.path] = column
        }
        return column
    }
}

/// A record ready to be copied into a block.
struct PreparedVector: Sendable {
    var row: VectorRow
    var vector: [Float]
    /// As in `VectorBlock`; NaN marks an extreme row.
    var scale: Float
    var tailBound: Float

    init(row: VectorRow, vector: [Float], scale: Float, tailBound: Float) {
        self.row = row
        self.vector = vector
        self.scale = scale
        self.tailBound = tailBound
    }

    init(_ record: VectorRecord, layout: VectorLayout, metric: VectorMetric) {
        row = VectorRow(id: ByteKey(record.id), metadata: record.metadata, document: record.document)
        vector = record.vector
        let (norm, tail) = record.vector.withUnsafeBufferPointer { buffer in
            (VectorKernel.norm(buffer), VectorKernel.norm(UnsafeBufferPointer(rebasing: buffer.dropFirst(layout.head))))
        }
        if VectorScan.isExtreme(norm) {
            (scale, tailBound) = (.nan, .nan)
        } else {
            scale = metric == .cosine && norm > 0 ? Float(1 / norm) : 1
            tailBound = Float(tail + VectorScan.slack * norm)
        }
    }
}
