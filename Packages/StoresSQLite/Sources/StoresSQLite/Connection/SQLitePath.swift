#if SQLite
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The file's place in the file system.
enum SQLitePath {
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Makes the folder and those above it. Another process may do the same at the same time.
    static func makeFolder(_ folder: String) throws(StoreError) {
        if exists(folder) { return }
        let parent = Self.folder(of: folder)
        if parent != folder { try makeFolder(parent) }
        guard mkdir(folder, 0o777) != 0, errno != EEXIST else { return }
        let reason = String(cString: strerror(errno))
        throw StoreError(
            errno == EACCES || errno == EROFS ? .permissionDenied : .unavailable,
            "the folder \(folder) can't be made: \(reason)",
            remedy: "let SQLITE_PATH name a file in a folder that this user may write", applied: .no,
            isRetryable: false, phase: .open)
    }
}
#endif
