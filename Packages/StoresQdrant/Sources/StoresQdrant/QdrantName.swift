#if HTTP
import StoresCore
import StoresHTTP

/// Names and ids as Qdrant takes them.
enum QdrantName {
    /// Of this adapter: `uuidgen` made it.
    private static let namespace: [UInt8] = [
        0x6f, 0x0b, 0x1c, 0x52, 0x8a, 0x1d, 0x4c, 0x3e, 0x9b, 0x57, 0x21, 0xd0, 0x4e, 0x93, 0xf7, 0x68,
    ]

    /// A collection's name: up to 255 bytes, which become a name of a folder. A plain one is its own, all others are
    /// escaped, or hashed when that is too long.
    static func collection(_ name: String) -> String {
        let escaped = PlainName.escape(name)
        if escaped.utf8.count <= 200 { return escaped }
        return "h_00\(SHA256Digest.hexadecimal(of: Array(name.utf8)))"
    }

    /// The point of a record: the UUIDv5 of its namespace and id.
    static func point(_ id: String, namespace: String) -> String {
        UUIDv5.make(namespace: Self.namespace, name: Array(namespace.utf8) + [0] + Array(id.utf8))
    }
}
#endif
