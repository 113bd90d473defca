import StoresCore

/// `docker-compose.backend-stores.yml`.
enum BundleFile {
    static let name = "docker-compose.backend-stores.yml"

    /// The file that was named, or the nearest one in a folder and the folders that it is in.
    ///
    /// - Throws: `notFound`.
    static func find(_ named: String?, from directory: String) throws(StoreError) -> String {
        if let named {
            guard Files.kind(named) == .file else {
                throw StoreError(.notFound, "there is no file \(Redaction.name(named))")
            }
            return named
        }
        var folder = directory
        for _ in 0..<64 {
            let path = "\(folder)/\(name)"
            if Files.kind(path) == .file { return path }
            guard Files.kind("\(folder)/..") == .directory else { break }
            folder += "/.."
        }
        throw StoreError(
            .notFound, "there is no \(name) here or in the folders above",
            remedy: "change to a checkout of this project, or give --file")
    }
}
