import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The few file operations that the commands need. They block: for small files, or inside a pool.
enum Files {
    enum Kind { case file, directory, other }

    /// Nil when there is nothing.
    static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .directory
        default: .other
        }
    }

    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// The names in a folder, in UTF-8 order.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let folder = opendir(path) else { throw failure(path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    static func contents(_ path: String) throws(StoreError) -> [UInt8] {
        guard let bytes = try contentsIfPresent(path) else {
            throw StoreError(.notFound, "there is no file \(Redaction.name(path))")
        }
        return bytes
    }

    static func contentsIfPresent(_ path: String) throws(StoreError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path)
            }
            bytes.append(contentsOf: buffer[..<count])
        }
    }

    /// What `errno` says about a path.
    static func failure(_ path: String) -> StoreError {
        let code = errno
        let reason = String(cString: strerror(code))
        let kind: StoreError.Code =
            switch code {
            case ENOENT: .notFound
            case EACCES, EPERM: .permissionDenied
            case EISDIR, ENOTDIR, ENAMETOOLONG: .invalidArgument
            case ENOSPC, EDQUOT: .unavailable
            default: .internal
            }
        return StoreError(kind, "\(Redaction.name(path)): \(reason)")
    }
}
