#if HTTP
import StoresCore
import StoresHTTP

/// Names and ids as Weaviate takes them.
enum WeaviateName {
    /// Of this adapter: `uuidgen` made it.
    private static let namespace: [UInt8] = [
        0xc4, 0x1e, 0x7d, 0x0a, 0x52, 0x9b, 0x4f, 0x66, 0x8d, 0x13, 0x70, 0xe8, 0x95, 0x2f, 0xa1, 0x3c,
    ]

    /// The class of a collection: a capital, then up to 254 letters, digits and `_`, which Weaviate does not tell apart
    /// by case. A name of lower-case letters and digits is its own, capitalised; in others every other byte is `_` and
    /// two hexadecimal digits. After `N_x`, which no such escape makes, stands what does not start with a letter, after
    /// `N_h` a hash of what is too long.
    static func collection(_ name: String) -> String {
        var escaped: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): escaped.append(byte)
            default:
                escaped += (byte < 16 ? "_0" : "_").utf8
                escaped += String(byte, radix: 16).utf8
            }
        }
        if escaped.count > 200 { return "N_h\(SHA256Digest.hexadecimal(of: Array(name.utf8)))" }
        guard let first = escaped.first, first >= UInt8(ascii: "a") else {
            return "N_x" + String(decoding: escaped, as: UTF8.self)
        }
        escaped[0] = first - 0x20
        return String(decoding: escaped, as: UTF8.self)
    }

    /// The tenant of a namespace: up to 64 letters, digits, `-` and `_`. One that is too long when it is escaped is
    /// there as `h_u`, which no escape makes, and a UUID of it.
    static func tenant(_ namespace: String) -> String {
        let escaped = PlainName.escape(namespace)
        if escaped.utf8.count <= 64 { return escaped }
        return "h_u\(UUIDv5.make(namespace: Self.namespace, name: namespace.utf8))"
    }

    /// The object of a record; see ``UUIDv5/of(id:namespace:)``. Tenants are apart, so it need not tell them apart.
    static func object(_ id: String) -> String { UUIDv5.of(id: id, namespace: namespace) }

    /// The property in which other clients find a declared field: of the field's name, where that is one that Weaviate
    /// leaves as it is.
    static func property(_ field: FieldDefinition) -> String? {
        guard field.path.segments.count == 1, let name = field.path.segments.first, name.utf8.count <= 200,
            name.wholeMatch(of: /[a-z][A-Za-z0-9_]*/) != nil, name != "id",
            !WeaviateCodec.isReserved(name.lowercased()),
            // Weaviate's own files of a property end so.
            !["_searchable", "_rangeable", "_temp", "__meta_count", "_propertyLength", "_nullState"]
                .contains(where: name.hasSuffix)
        else { return nil }
        return name
    }
}
#endif
