#if SQLite
import StoresCore

/// Values as the file keeps them: metadata as JSON text, vectors as float32 in little-endian order, scopes as their
/// segments each followed by NUL.
enum SQLiteCodec {
    // The core's reader takes 128 levels.
    static let maxDepth = 100

    /// - Throws: `invalidArgument` for numbers that are not finite, and for more than 100 levels.
    static func encode(_ metadata: Metadata) throws(StoreError) -> [UInt8] {
        try encode(metadata, after: [])
    }

    /// The same, at the end of other bytes.
    static func encode(_ metadata: Metadata, after bytes: consuming [UInt8]) throws(StoreError) -> [UInt8] {
        for value in metadata.values { try value.checkForJSON() }
        var writer = JSONWriter(after: bytes)
        writer.append(metadata)
        return writer.finish()
    }

    static func metadata(_ bytes: [UInt8], _ path: String) throws(StoreError) -> Metadata {
        if bytes.count == 2 { return [:] }
        guard case .object(let fields)? = try? JSONReader.value(from: bytes) else {
            throw .corruptFile(path, "a record's metadata is no JSON object")
        }
        return fields
    }

    static func encode(_ strings: [String: String]) -> String {
        Value.object(strings.mapValues(Value.string)).json
    }

    static func strings(_ bytes: [UInt8], _ path: String) throws(StoreError) -> [String: String] {
        if bytes.count == 2 { return [:] }
        guard case .object(let fields)? = try? JSONReader.value(from: bytes) else {
            throw .corruptFile(path, "metadata is no JSON object")
        }
        var strings: [String: String] = [:]
        for (name, value) in fields {
            guard case .string(let text) = value else { throw .corruptFile(path, "metadata has no texts") }
            strings[name] = text
        }
        return strings
    }

    static func encode(_ vector: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for number in vector {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    static func vector(_ bytes: UnsafeRawBufferPointer) -> [Float] {
        (0..<bytes.count / 4).map { index in
            Float(
                bitPattern: UInt32(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)))
        }
    }

    /// Segments have no NUL, so that the encodings are ordered as the scopes are, segment by segment, and a scope's
    /// encoding begins those of exactly the scopes within it (M2).
    static func encode(_ scope: Scope) throws(StoreError) -> [UInt8] {
        guard !scope.segments.isEmpty else { throw .invalidArgument("a scope has at least one segment") }
        var bytes: [UInt8] = []
        for segment in scope.segments {
            let start = bytes.count
            bytes.append(contentsOf: segment.utf8)
            guard bytes.count > start, !bytes[start...].contains(0) else {
                throw .invalidArgument("a scope's segment is not empty and has no NUL")
            }
            bytes.append(0)
        }
        return bytes
    }

    static func scope(_ bytes: [UInt8]) -> Scope {
        Scope(
            bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            })
    }

    /// The end of the range of encodings that begin with this one: its last byte is a NUL.
    static func end(ofScope bytes: [UInt8]) -> [UInt8] { bytes.dropLast() + [1] }
}

extension Value {
    /// - Throws: `invalidArgument` for a number that is not finite and for more than 100 levels.
    func checkForJSON(level: Int = 1) throws(StoreError) {
        guard level <= SQLiteCodec.maxDepth else {
            throw .invalidArgument("a value has at most \(SQLiteCodec.maxDepth) levels")
        }
        switch self {
        case .double(let number):
            guard number.isFinite else { throw .invalidArgument("a number that is not finite has no form in the file") }
        case .array(let values):
            for value in values { try value.checkForJSON(level: level + 1) }
        case .object(let fields):
            for value in fields.values { try value.checkForJSON(level: level + 1) }
        case .null, .bool, .int, .string, .instant: break
        }
    }
}
#endif
