extension BSONDocument {
    /// The document as BSON. Names must have no NUL, which the callers see to: they are ours, or were validated.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        encode(into: &bytes)
        return bytes
    }

    fileprivate func encode(into bytes: inout [UInt8]) {
        bytes.withLength { bytes in
            for field in fields { field.value.encode(field.name, into: &bytes) }
            bytes.append(0)
        }
    }
}

extension BSONValue {
    fileprivate func encode(_ name: String, into bytes: inout [UInt8]) {
        bytes.append(tag)
        bytes.append(contentsOf: name.utf8)
        bytes.append(0)
        switch self {
        case .double(let value): bytes.append(number: value.bitPattern)
        case .string(let value):
            bytes.append(number: UInt32(truncatingIfNeeded: value.utf8.count + 1))
            bytes.append(contentsOf: value.utf8)
            bytes.append(0)
        case .document(let value): value.encode(into: &bytes)
        case .encoded(let document): bytes.append(contentsOf: document)
        case .array(let values):
            bytes.withLength { bytes in
                for (index, value) in values.enumerated() { value.encode(String(index), into: &bytes) }
                bytes.append(0)
            }
        case .binary(let value):
            bytes.append(number: UInt32(truncatingIfNeeded: value.count))
            bytes.append(0)
            bytes.append(contentsOf: value)
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .date(let value), .int64(let value): bytes.append(number: UInt64(bitPattern: value))
        case .int32(let value): bytes.append(number: UInt32(bitPattern: value))
        case .null, .other: break
        }
    }

    private var tag: UInt8 {
        switch self {
        case .double: 0x01
        case .string: 0x02
        case .document, .encoded: 0x03
        case .array: 0x04
        case .binary: 0x05
        case .bool: 0x08
        case .date: 0x09
        case .null, .other: 0x0A
        case .int32: 0x10
        case .int64: 0x12
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append<T: FixedWidthInteger>(number: T) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    /// What the body appends, after its length with the four bytes of the length itself.
    fileprivate mutating func withLength(_ body: (inout [UInt8]) -> Void) {
        let start = count
        append(number: 0 as UInt32)
        body(&self)
        let length = UInt32(truncatingIfNeeded: count - start)
        for index in 0..<4 { self[start + index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
    }
}
