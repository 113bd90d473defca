import StoresCore

/// A fact's key: its scope's segments, each ended, one more end, and its id. So the order of keys is that of scopes,
/// segment by segment, then of ids; and what is in a scope, or under it, is a range.
///
/// A long key stands in the document, and its beginning with the SHA-256 of the whole is the document's `_id`: indexes
/// of some servers have a limit. Facts whose keys begin alike are then listed in the order of their checksums.
struct MongoFactKey: Sendable, Hashable {
    private static let maxBytes = 880

    let bytes: [UInt8]

    init(_ id: String, _ scope: Scope) {
        var bytes = Self.bytes(scope)
        bytes.append(MongoKey.end)
        MongoKey.append(id.utf8, to: &bytes)
        self.bytes = bytes
    }

    private static func bytes(_ scope: Scope) -> [UInt8] {
        var bytes: [UInt8] = []
        for segment in scope.segments {
            MongoKey.append(segment.utf8, to: &bytes)
            bytes.append(MongoKey.end)
        }
        return bytes
    }

    /// The document's `_id`.
    var id: String {
        guard bytes.count > Self.maxBytes else { return MongoKey.text(bytes) }
        var digest = SHA256Digest()
        digest.update(bytes)
        let digits = digest.finalized().map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        // The escape of NUL, which no name has.
        return MongoKey.text(Self.beginning(bytes) + [2, 1]) + digits.joined()
    }

    /// The document's `key`, where the `_id` is not all.
    var long: String? { bytes.count > Self.maxBytes ? MongoKey.text(bytes) : nil }

    private static func beginning(_ bytes: [UInt8]) -> [UInt8] {
        var end = min(maxBytes, bytes.count)
        // Not within a character.
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return Array(bytes.prefix(end))
    }

    /// True of the facts in a scope.
    static func within(_ scope: Scope, _ depth: ScopeDepth) -> BSONDocument {
        var bytes = bytes(scope)
        if depth == .exact { bytes.append(MongoKey.end) }
        let range = BSONValue.document(MongoKey.range(bytes))
        guard bytes.count > maxBytes else { return ["_id": range] }
        let beginning = beginning(bytes)
        // The least text that comes after all that begin so.
        let near: BSONValue = ["$gte": .string(MongoKey.text(beginning)), "$lt": .string(MongoKey.next(beginning))]
        return ["$or": [["_id": range], ["_id": near, "key": range]]]
    }
}
