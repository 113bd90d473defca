import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Finds the documents in files and folders.
struct DemoSources {
    static let prose: Set<String> = ["md", "markdown", "txt", "rst"]
    static let code: Set<String> = [
        "swift", "c", "h", "cc", "cpp", "hpp", "rs", "go", "py", "js", "ts", "java", "kt", "rb", "sh", "sql", "cs",
    ]
    /// Bytes; a larger file is skipped.
    static let maxSize = 8 << 20
    private static let skippedFolders: Set<String> = ["node_modules", "__pycache__", "checkouts"]

    /// What relative paths start from.
    var directory: String
    private(set) var documents: [DemoDocument] = []
    /// Files that were left out, each with the reason.
    private(set) var skipped: [(path: String, reason: String)] = []
    private var seen: Set<String> = []
    private let root: String

    /// - Parameter paths: Files and folders; none takes `README.md`, `Docs` and the documentation in `Packages`.
    /// - Throws: `notFound` for a path that is not there, `invalidArgument` when nothing was found.
    static func find(_ paths: [String], in directory: String) throws(StoreError) -> DemoSources {
        var sources = DemoSources(directory: directory)
        if paths.isEmpty {
            for (name, extensions) in [("README.md", prose), ("Docs", prose), ("Packages", prose)] {
                let path = sources.resolve(name)
                if Files.kind(path) != nil { try sources.add(path, extensions, isNamed: false) }
            }
            guard !sources.documents.isEmpty else {
                throw .invalidArgument(
                    "there are no documents here: no README.md, Docs or Packages",
                    remedy: "name files or folders: stores demo PATH…, or start it in a project's folder")
            }
        }
        for path in paths {
            let resolved = sources.resolve(path)
            guard Files.kind(resolved) != nil else {
                throw StoreError(.notFound, "there is no file or folder \(Redaction.name(path))")
            }
            try sources.add(resolved, prose.union(code), isNamed: true)
        }
        guard !sources.documents.isEmpty else {
            let known = prose.union(code).sorted().joined(separator: ", ")
            throw .invalidArgument("there are no documents in these folders; taken are files that end in \(known)")
        }
        sources.documents.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return sources
    }

    private init(directory: String) {
        self.directory = directory
        root = Self.absolute(directory) ?? directory
    }

    private func resolve(_ path: String) -> String {
        path.hasPrefix("/") || directory == "." ? path : "\(directory)/\(path)"
    }

    private mutating func add(_ path: String, _ extensions: Set<String>, isNamed: Bool, depth: Int = 0)
        throws(StoreError)
    {
        switch Files.kind(path) {
        case .directory:
            // A loop of symbolic links ends here.
            guard depth < 64 else { return }
            for name in try Files.names(in: path) where !name.hasPrefix(".") && !Self.skippedFolders.contains(name) {
                try add("\(path)/\(name)", extensions, isNamed: false, depth: depth + 1)
            }
        case .file where isNamed || extensions.contains(Self.fileExtension(path)):
            try addFile(path)
        case .file, .other, nil: break
        }
    }

    private mutating func addFile(_ path: String) throws(StoreError) {
        guard let absolute = Self.absolute(path), seen.insert(absolute).inserted else { return }
        let name = absolute.hasPrefix(root + "/") ? absolute.dropFirst(root.count + 1) : absolute.dropFirst()
        guard name.utf8.count <= 400 else { return skipped.append((path, "its path is longer than 400 bytes")) }
        guard let size = Files.size(path), size <= Self.maxSize else {
            return skipped.append((path, "larger than \(Self.maxSize >> 20) MiB"))
        }
        let bytes = try Files.contents(path)
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) else {
            return skipped.append((path, "not UTF-8 text"))
        }
        documents.append(
            DemoDocument(
                name: String(name), path: absolute, sha256: SHA256Digest.hexadecimal(of: bytes)))
    }

    /// Without links and dots.
    static func absolute(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(cString: pointer)
    }

    static func fileExtension(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
