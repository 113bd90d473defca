#if HTTP
import StoresCore
import StoresHTTP

/// The name under which Chroma has a collection: 3 to 512 of `[a-zA-Z0-9._-]`, with a letter or digit at both ends.
enum ChromaName {
    /// A plain name in the default namespace is its own: other clients find it. All others are escaped between
    /// `x.` and `.x`, or hashed when that is too long; a plain name has no dot, so they never meet.
    static func make(_ collection: String, namespace: String) -> String {
        let name = PlainName.escape(collection)
        if namespace == "default", name.utf8.elementsEqual(collection.utf8), (3...512).contains(name.utf8.count),
            name.first != "-", name.last != "-"
        {
            return name
        }
        let full = "x.\(name).\(PlainName.escape(namespace)).x"
        if full.utf8.count <= 512 { return full }
        return "h.\(SHA256Digest.hexadecimal(of: Array(collection.utf8) + [0] + Array(namespace.utf8))).h"
    }
}
#endif
