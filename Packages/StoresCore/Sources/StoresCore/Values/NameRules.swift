/// Which names are taken (X11): names are data, bounded in length, and refused rather than altered.
enum NameRules {
    /// - Parameters:
    ///   - what: How the error calls it, for example `id`.
    ///   - allowsNUL: Whether a NUL may be part of it.
    static func check(_ name: String, _ what: String, maxBytes: Int, allowsNUL: Bool = false) throws(StoreError) {
        let count = name.utf8.count
        guard count > 0 else { throw .invalidArgument("\(what) is not empty") }
        guard count <= maxBytes else {
            throw .invalidArgument("\(what) has at most \(maxBytes) UTF-8 bytes; got \(count)")
        }
        guard allowsNUL || !name.hasNUL else { throw .invalidArgument("\(what) has no NUL") }
    }

    static let maxIDBytes = 512
    static let maxNameBytes = 128
}
