import StoresCore

/// Rows in the binary format of COPY.
///
/// Either ``row(_:)``, or ``beginRow()`` and one `append` for each column.
struct PostgresCopyWriter {
    private let types: PostgresTypes
    private let columns: Int16
    private var buffer = PostgresBytes(capacity: 96 << 10)

    init(types: PostgresTypes, columns: Int) {
        self.types = types
        self.columns = Int16(clamping: columns)
        buffer.append(raw: Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00])
        // No flags, no extension of the header.
        buffer.append(Int32(0))
        buffer.append(Int32(0))
    }

    /// Bytes that wait to be taken.
    var count: Int { buffer.count }

    mutating func row(_ values: [PostgresParameter]) throws(StoreError) {
        guard values.count == Int(columns) else {
            throw StoreError(.internal, "a row of \(values.count) values for \(columns) columns", applied: .no)
        }
        beginRow()
        for value in values { try append(value) }
    }

    /// Takes back what was written since there were so many bytes.
    mutating func cut(to count: Int) { buffer.cut(to: count) }

    mutating func beginRow() { buffer.append(columns) }

    mutating func append(_ value: PostgresParameter) throws(StoreError) { try buffer.appendField(value, types) }

    mutating func append(text: String) throws(StoreError) {
        let place = buffer.count
        buffer.append(Int32(0))
        try buffer.append(text: text)
        try buffer.setLength(at: place)
    }

    mutating func append(vector: [Float]) throws(StoreError) {
        buffer.append(Int32(clamping: 4 + vector.count * 4))
        try buffer.append(vector: vector)
    }

    mutating func append(halfvec: [Float]) throws(StoreError) {
        buffer.append(Int32(clamping: 4 + halfvec.count * 2))
        try buffer.append(halfvec: halfvec)
    }

    mutating func appendNull() { buffer.append(Int32(-1)) }

    /// What waits; the first one begins with the header.
    mutating func take() -> [UInt8] { buffer.take() }

    /// The rest, and the end.
    mutating func finish() -> [UInt8] {
        buffer.append(Int16(-1))
        return buffer.take()
    }
}
