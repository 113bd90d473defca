import CStoresKernels
import Synchronization

/// What is known of a record beside its vector.
struct VectorRow: Sendable {
    var id: ByteKey
    var metadata: Metadata
    var document: String?
}

/// How a collection's vectors lie in blocks.
struct VectorLayout: Sendable, Hashable {
    let dimensions: Int
    let rowsPerBlock: Int

    init(dimensions: Int) {
        self.dimensions = max(1, dimensions)
        // 2 MiB, which bounds what a writer copies when a reader holds the block.
        rowsPerBlock = max(16, min(4096, (2 << 20) / (4 * self.dimensions) / 8 * 8))
    }
}

/// Some rows: their vectors in one aligned buffer, and the columns that filters were asked about.
///
/// Each float32 is cut in two planes of 16 bits: first the high plane of all rows, which is all that a scan reads of
/// most of them, then the low plane. See `VectorScan`.
///
/// `@unchecked`: a block is written only by the one that holds the only reference to it (see `VectorSpace`), and never
/// again once it is shared; the columns have a lock.
final class VectorBlock: @unchecked Sendable {
    static let maxColumns = 32

    let layout: VectorLayout
    private(set) var rows: [VectorRow] = []
    /// One for each row.
    private(set) var bounds: [VectorBounds] = []
    private var storage: UnsafeMutablePointer<UInt16>
    private var capacity: Int
    private let columns = Mutex<[FieldPath: FilterColumn]>([:])

    init(layout: VectorLayout, capacity: Int) {
        self.layout = layout
        self.capacity = max(1, min(capacity, layout.rowsPerBlock))
        storage = Self.allocate(2 * self.capacity * layout.dimensions)
    }

    deinit { storage.deallocate() }

    private static func allocate(_ count: Int) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer.allocate(byteCount: count * 2, alignment: 64)
            .bindMemory(to: UInt16.self, capacity: count)
    }

    var count: Int { rows.count }
    var isFull: Bool { rows.count == layout.rowsPerBlock }

    /// The high halves of all rows, one after the other. Valid while the block is referenced.
    var high: UnsafePointer<UInt16> { UnsafePointer(storage) }
    private var low: UnsafePointer<UInt16> { UnsafePointer(storage + capacity * layout.dimensions) }

    /// The vector as it was written, bit for bit.
    func vector(_ row: Int) -> [Float] {
        let start = row * layout.dimensions
        return Array(unsafeUninitializedCapacity: layout.dimensions) { buffer, count in
            stores_join(high + start, low + start, layout.dimensions, buffer.baseAddress)
            count = layout.dimensions
        }
    }

    /// The sums, in double precision, of the vector as it was written with a query of as many dimensions.
    func sums(_ row: Int, _ query: [Float]) -> StoresSums {
        let start = row * layout.dimensions
        return stores_sums(high + start, low + start, query, layout.dimensions)
    }

    func copy() -> VectorBlock {
        let block = VectorBlock(layout: layout, capacity: capacity)
        block.storage.update(from: storage, count: 2 * capacity * layout.dimensions)
        block.rows = rows
        block.bounds = bounds
        return block
    }

    func append(_ record: PreparedVector) {
        if rows.count == capacity { grow() }
        rows.append(record.row)
        bounds.append(record.bounds)
        write(record, at: rows.count - 1)
    }

    func replace(_ row: Int, with record: PreparedVector) {
        rows[row] = record.row
        bounds[row] = record.bounds
        write(record, at: row)
    }

    func removeLast() {
        rows.removeLast()
        bounds.removeLast()
        forgetColumns()
    }

    /// The row in the form in which it is written to another place.
    func prepared(_ row: Int) -> PreparedVector {
        PreparedVector(row: rows[row], vector: vector(row), bounds: bounds[row])
    }

    private func write(_ record: PreparedVector, at row: Int) {
        if record.vector.count == layout.dimensions {
            let start = storage + row * layout.dimensions
            stores_split(record.vector, layout.dimensions, start, start + capacity * layout.dimensions)
        }
        forgetColumns()
    }

    private func grow() {
        let larger = min(capacity * 2, layout.rowsPerBlock)
        let moved = Self.allocate(2 * larger * layout.dimensions)
        let used = rows.count * layout.dimensions
        moved.update(from: high, count: used)
        (moved + larger * layout.dimensions).update(from: low, count: used)
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
    var bounds: VectorBounds

    init(row: VectorRow, vector: [Float], bounds: VectorBounds) {
        self.row = row
        self.vector = vector
        self.bounds = bounds
    }

    init(_ record: VectorRecord, metric: VectorMetric) {
        row = VectorRow(id: ByteKey(record.id), metadata: record.metadata, document: record.document)
        vector = record.vector
        bounds = VectorBounds(record.vector, metric)
    }
}
