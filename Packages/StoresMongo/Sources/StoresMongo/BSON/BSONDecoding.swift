@_spi(Bytes) import StoresCore

extension BSONDocument {
    /// - Throws: `corrupt` for what is no BSON, or holds text that is no UTF-8.
    init(decoding bytes: UnsafeRawBufferPointer) throws(StoreError) {
        var reader = BSONReader(bytes: bytes)
        self.init(try reader.document(depth: 0))
    }
}

/// Reads BSON. Every length is checked against what is there: what a server sends is data, too.
private struct BSONReader {
    /// MongoDB's own limit is 100.
    private static let maxDepth = 200

    let bytes: UnsafeRawBufferPointer
    var at = 0

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    static var damaged: StoreError { StoreError(.corrupt, "the server sent a document that is no BSON") }

    mutating func document(depth: Int) throws(StoreError) -> [BSONDocument.Field] {
        guard depth < Self.maxDepth else { throw Self.damaged }
        let start = at
        let length = Int(try number() as UInt32)
        guard length >= 5, length <= bytes.count - start else { throw Self.damaged }
        let end = start + length - 1
        var fields: [BSONDocument.Field] = []
        while at < end {
            let tag = try byte()
            let name = try cString()
            fields.append(BSONDocument.Field(name: name, value: try value(tag, depth)))
        }
        guard at == end, try byte() == 0 else { throw Self.damaged }
        return fields
    }

    private mutating func value(_ tag: UInt8, _ depth: Int) throws(StoreError) -> BSONValue {
        switch tag {
        case 0x01: return .double(Double(bitPattern: try number()))
        case 0x02: return .string(try text())
        case 0x03: return .document(BSONDocument(try document(depth: depth + 1)))
        case 0x04: return .array(try document(depth: depth + 1).map(\.value))
        case 0x05:
            let count = Int(try number() as UInt32)
            _ = try byte()
            return .binary(Array(try take(count)))
        case 0x08: return .bool(try byte() != 0)
        case 0x09: return .date(Int64(bitPattern: try number()))
        case 0x0A: return .null
        case 0x10: return .int32(Int32(bitPattern: try number()))
        case 0x12: return .int64(Int64(bitPattern: try number()))
        default:
            try skip(tag, depth)
            return .other
        }
    }

    /// The kinds that are never written here.
    private mutating func skip(_ tag: UInt8, _ depth: Int) throws(StoreError) {
        switch tag {
        case 0x06, 0x7F, 0xFF: break
        case 0x07: _ = try take(12)
        case 0x0B: (_, _) = (try cString(), try cString())
        case 0x0C:
            _ = try text()
            _ = try take(12)
        case 0x0D, 0x0E: _ = try text()
        case 0x0F:
            let length = Int(try number() as UInt32)
            _ = try take(length - 4)
        case 0x11: _ = try take(8)
        case 0x13: _ = try take(16)
        default: throw Self.damaged
        }
    }

    private mutating func take(_ count: Int) throws(StoreError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= bytes.count - at else { throw Self.damaged }
        at += count
        return UnsafeRawBufferPointer(rebasing: bytes[(at - count)..<at])
    }

    private mutating func byte() throws(StoreError) -> UInt8 {
        guard at < bytes.count else { throw Self.damaged }
        at += 1
        return bytes[at - 1]
    }

    private mutating func number<T: FixedWidthInteger>() throws(StoreError) -> T {
        let part = try take(MemoryLayout<T>.size)
        return T(littleEndian: part.loadUnaligned(as: T.self))
    }

    private mutating func text() throws(StoreError) -> String {
        let count = Int(try number() as UInt32)
        guard count >= 1 else { throw Self.damaged }
        let part = try take(count)
        guard part.last == 0 else { throw Self.damaged }
        return try Self.text(part.prefix(count - 1))
    }

    private mutating func cString() throws(StoreError) -> String {
        var end = at
        while end < bytes.count, bytes[end] != 0 { end += 1 }
        guard end < bytes.count else { throw Self.damaged }
        defer { at = end + 1 }
        return try Self.text(bytes[at..<end])
    }

    private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) throws(StoreError) -> String {
        guard let text = String(utf8: UnsafeRawBufferPointer(rebasing: bytes)) else { throw Self.damaged }
        return text
    }
}
