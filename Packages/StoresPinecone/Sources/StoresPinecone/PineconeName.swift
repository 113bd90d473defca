#if HTTP
import StoresCore
import StoresHTTP

/// Names and ids as Pinecone takes them.
enum PineconeName {
    /// An index's name: 1 to 45 characters of `a-z0-9-`, at both ends a letter or digit. A name that is one stays, all
    /// others are hashed; the index's tags hold the name as it was given.
    static func index(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in isLetterOrDigit(byte) || byte == UInt8(ascii: "-") }
        if isPlain, (1...45).contains(name.utf8.count), !name.hasPrefix(hashed),
            name.utf8.first.map(isLetterOrDigit) == true,
            name.utf8.last.map(isLetterOrDigit) == true
        {
            return name
        }
        return hashed + SHA256Digest.hexadecimal(of: Array(name.utf8)).prefix(40)
    }

    private static let hashed = "s0-"

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    /// A namespace's name; `default` is Pinecone's own default namespace.
    static func namespace(_ name: String) -> String {
        name == "default" ? "__default__" : PlainName.escape(name)
    }

    /// A record's id: Pinecone takes 1 to 512 ASCII characters. One of visible ASCII stays, all others are hashed; the
    /// metadata hold the id as it was given.
    static func record(_ id: String) -> String {
        let isPlain = id.utf8.allSatisfy { (0x21...0x7E).contains($0) } && !id.hasPrefix(PineconeCodec.prefix)
        if isPlain { return id }
        return PineconeCodec.prefix + SHA256Digest.hexadecimal(of: Array(id.utf8))
    }
}
#endif
