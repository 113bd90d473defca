import StoresCore

/// One row. Columns are counted from 0. A NULL where none is expected, or a value of another form than the type has,
/// throws `corrupt`.
struct PostgresRow {
    let rows: PostgresRows
    let index: Int32

    func isNull(_ column: Int) -> Bool { rows.isNull(index, column) }

    func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws(StoreError) -> T) throws(StoreError) -> T {
        guard !isNull(column) else { throw Self.damaged(column, "is NULL") }
        return try rows.withBytes(index, column, body)
    }

    func bool(_ column: Int) throws(StoreError) -> Bool {
        try fixed(column, UInt8.self) != 0
    }

    /// int2, int4 and int8.
    func int(_ column: Int) throws(StoreError) -> Int64 {
        try withBytes(column) { bytes throws(StoreError) in
            switch bytes.count {
            case 8: bytes.bigEndian(0, Int64.self)
            case 4: Int64(bytes.bigEndian(0, Int32.self))
            case 2: Int64(bytes.bigEndian(0, Int16.self))
            default: throw Self.damaged(column, "is no integer")
            }
        }
    }

    /// An OID.
    func oid(_ column: Int) throws(StoreError) -> UInt32 { try fixed(column, UInt32.self) }

    func xid8(_ column: Int) throws(StoreError) -> UInt64 { try fixed(column, UInt64.self) }

    /// float4 and float8.
    func double(_ column: Int) throws(StoreError) -> Double {
        try withBytes(column) { bytes throws(StoreError) in
            switch bytes.count {
            case 8: Double(bitPattern: bytes.bigEndian(0, UInt64.self))
            case 4: Double(Float(bitPattern: bytes.bigEndian(0, UInt32.self)))
            default: throw Self.damaged(column, "is no floating-point number")
            }
        }
    }

    func text(_ column: Int) throws(StoreError) -> String {
        try withBytes(column) { bytes in String(decoding: bytes, as: UTF8.self) }
    }

    /// bytea; for other types their binary form.
    func bytes(_ column: Int) throws(StoreError) -> [UInt8] {
        try withBytes(column) { bytes in Array(bytes) }
    }

    /// The text of a json or jsonb.
    func json(_ column: Int) throws(StoreError) -> [UInt8] {
        try withBytes(column) { bytes in
            // jsonb begins with the version of its binary format, which no JSON text begins with.
            bytes.first == 1 ? Array(bytes.dropFirst()) : Array(bytes)
        }
    }

    func vector(_ column: Int) throws(StoreError) -> [Float] {
        try withBytes(column) { bytes throws(StoreError) in
            let count = try Self.dimensions(bytes, 4, column)
            return (0..<count).map { Float(bitPattern: bytes.bigEndian(4 + $0 * 4, UInt32.self)) }
        }
    }

    func halfvec(_ column: Int) throws(StoreError) -> [Float] {
        try withBytes(column) { bytes throws(StoreError) in
            let count = try Self.dimensions(bytes, 2, column)
            return (0..<count).map { HalfFloat.number(bytes.bigEndian(4 + $0 * 2, UInt16.self)) }
        }
    }

    func optionalInt(_ column: Int) throws(StoreError) -> Int64? { isNull(column) ? nil : try int(column) }
    func optionalDouble(_ column: Int) throws(StoreError) -> Double? { isNull(column) ? nil : try double(column) }
    func optionalText(_ column: Int) throws(StoreError) -> String? { isNull(column) ? nil : try text(column) }
    func optionalBytes(_ column: Int) throws(StoreError) -> [UInt8]? { isNull(column) ? nil : try bytes(column) }
    func optionalJSON(_ column: Int) throws(StoreError) -> [UInt8]? { isNull(column) ? nil : try json(column) }
    func optionalVector(_ column: Int) throws(StoreError) -> [Float]? { isNull(column) ? nil : try vector(column) }
    func optionalHalfvec(_ column: Int) throws(StoreError) -> [Float]? { isNull(column) ? nil : try halfvec(column) }

    /// A column of milliseconds since 1970.
    func timestamp(_ column: Int) throws(StoreError) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: try int(column))
    }

    func optionalTimestamp(_ column: Int) throws(StoreError) -> Timestamp? {
        try optionalInt(column).map { Timestamp(millisecondsSinceEpoch: $0) }
    }

    func textArray(_ column: Int) throws(StoreError) -> [String?] {
        try array(column) { bytes throws(StoreError) in String(decoding: bytes, as: UTF8.self) }
    }

    func bytesArray(_ column: Int) throws(StoreError) -> [[UInt8]?] {
        try array(column) { bytes throws(StoreError) in Array(bytes) }
    }

    func int8Array(_ column: Int) throws(StoreError) -> [Int64?] {
        try array(column) { bytes throws(StoreError) in
            guard bytes.count == 8 else { throw Self.damaged(column, "is no array of int8") }
            return bytes.bigEndian(0, Int64.self)
        }
    }

    /// A one-dimensional array.
    private func array<T>(_ column: Int, _ element: (UnsafeRawBufferPointer) throws(StoreError) -> T)
        throws(StoreError) -> [T?]
    {
        try withBytes(column) { bytes throws(StoreError) in
            guard bytes.count >= 12 else { throw Self.damaged(column, "is no array") }
            let dimensions = bytes.bigEndian(0, Int32.self)
            if dimensions == 0 { return [] }
            guard dimensions == 1, bytes.count >= 20 else {
                throw Self.damaged(column, "is no array of one dimension")
            }
            let count = Int(bytes.bigEndian(12, Int32.self))
            var place = 20
            var found: [T?] = []
            for _ in 0..<max(0, count) {
                guard place + 4 <= bytes.count else { throw Self.damaged(column, "is an array that ends early") }
                let length = Int(bytes.bigEndian(place, Int32.self))
                place += 4
                if length < 0 {
                    found.append(nil)
                    continue
                }
                guard place + length <= bytes.count else {
                    throw Self.damaged(column, "is an array that ends early")
                }
                found.append(try element(UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])))
                place += length
            }
            return found
        }
    }

    private func fixed<Number: FixedWidthInteger>(_ column: Int, _ type: Number.Type) throws(StoreError) -> Number {
        try withBytes(column) { bytes throws(StoreError) in
            guard bytes.count == MemoryLayout<Number>.size else {
                throw Self.damaged(column, "has \(bytes.count) bytes, not \(MemoryLayout<Number>.size)")
            }
            return bytes.bigEndian(0, Number.self)
        }
    }

    private static func dimensions(_ bytes: UnsafeRawBufferPointer, _ size: Int, _ column: Int) throws(StoreError)
        -> Int
    {
        guard bytes.count >= 4 else { throw damaged(column, "is no vector") }
        let count = Int(bytes.bigEndian(0, UInt16.self))
        guard bytes.count == 4 + count * size else { throw damaged(column, "is no vector of \(count) dimensions") }
        return count
    }

    private static func damaged(_ column: Int, _ what: String) -> StoreError {
        StoreError(
            .corrupt, "column \(column) of the server's answer \(what)",
            remedy: "look whether another program writes to the tables of the stores' schema")
    }
}

extension UnsafeRawBufferPointer {
    func bigEndian<Number: FixedWidthInteger>(_ offset: Int, _ type: Number.Type) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
