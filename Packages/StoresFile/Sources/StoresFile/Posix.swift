#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An open file or directory; closed with the last reference.
final class Descriptor: Sendable {
    let raw: Int32

    init(_ raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }
}

/// The system calls of this package: every one retries on EINTR and reports `errno` with the path it concerned.
/// The one file that imports the C library and that touches pointers.
enum Posix {
    typealias Path = () -> String

    struct Status {
        var size: Int64
        var isRegular: Bool
        /// 0 when the file was removed while it was open.
        var links: UInt64
    }

    /// A directory given by path. Symbolic links on the way are followed: where the root lies is the operator's say.
    static func openDirectory(_ path: String) throws(FileError) -> Descriptor {
        try descriptor("open", { path }) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }

    /// A directory in a directory; a symbolic link is refused (ENOTDIR or ELOOP).
    static func openDirectory(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Descriptor {
        try descriptor("open", path) { openat(parent.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    }

    /// The directory above. `..` is never a symbolic link.
    static func parent(of directory: Descriptor, _ path: Path) throws(FileError) -> Descriptor {
        try descriptor("open", path) { openat(directory.raw, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    }

    /// A file for reading; a symbolic link is refused. Does not wait for the writer of a FIFO.
    static func openFile(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Descriptor {
        try descriptor("open", path) { openat(parent.raw, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) }
    }

    /// A file of the user's, for reading; symbolic links are followed.
    static func openFile(_ path: String) throws(FileError) -> Descriptor {
        try descriptor("open", { path }) { open(path, O_RDONLY | O_CLOEXEC) }
    }

    /// A new file for writing; EEXIST when there is one.
    static func createFile(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Descriptor {
        try descriptor("create", path) {
            openat(parent.raw, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        }
    }

    /// A lock file, made when it is missing.
    static func openLock(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Descriptor {
        try descriptor("open", path) {
            openat(parent.raw, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o666)
        }
    }

    /// - Returns: False when something of that name exists.
    static func makeDirectory(_ path: String) throws(FileError) -> Bool {
        try unless(EEXIST, "mkdir", { path }) { mkdir(path, 0o777) }
    }

    /// - Returns: False when something of that name exists.
    static func makeDirectory(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Bool {
        try unless(EEXIST, "mkdir", path) { mkdirat(parent.raw, name, 0o777) }
    }

    /// Replaces what is there, atomically.
    static func rename(
        _ name: String, in source: Descriptor, to newName: String, in target: Descriptor, _ path: Path
    ) throws(FileError) {
        _ = try retrying("rename", path) { renameat(source.raw, name, target.raw, newName) }
    }

    /// - Returns: False when there is none.
    static func remove(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Bool {
        try unless(ENOENT, "unlink", path) { unlinkat(parent.raw, name, 0) }
    }

    /// - Returns: Whether it was empty and is gone.
    static func removeEmptyDirectory(_ name: String, in parent: Descriptor) -> Bool {
        unlinkat(parent.raw, name, Int32(AT_REMOVEDIR)) == 0
    }

    /// Something of that name exists, of whatever kind; links are not followed.
    static func exists(_ name: String, in parent: Descriptor, _ path: Path) throws(FileError) -> Bool {
        var status = stat()
        return try unless(ENOENT, "stat", path) { fstatat(parent.raw, name, &status, AT_SYMLINK_NOFOLLOW) }
    }

    static func status(_ file: Descriptor, _ path: Path) throws(FileError) -> Status {
        var status = stat()
        _ = try retrying("stat", path) { fstat(file.raw, &status) }
        return Status(
            size: Int64(status.st_size), isRegular: status.st_mode & S_IFMT == S_IFREG, links: UInt64(status.st_nlink))
    }

    /// Writes all at the file's position.
    static func write(_ bytes: [UInt8], to file: Descriptor, _ path: Path) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = try retrying("write", path) {
                bytes.withUnsafeBytes { buffer in
                    #if canImport(Darwin)
                    Darwin.write(file.raw, buffer.baseAddress! + done, buffer.count - done)
                    #elseif canImport(Musl)
                    Musl.write(file.raw, buffer.baseAddress! + done, buffer.count - done)
                    #else
                    Glibc.write(file.raw, buffer.baseAddress! + done, buffer.count - done)
                    #endif
                }
            }
            // A write of more than nothing that writes nothing has no room left, and would be repeated for ever.
            guard written > 0 else { throw .system(ENOSPC, call: "write", path: path()) }
            done += written
        }
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file alone.
    static func read(_ file: Descriptor, at offset: Int64, count: Int, _ path: Path) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, initialized in
            do throws(FileError) {
                while initialized < count {
                    let got = try retrying("read", path) {
                        pread(
                            file.raw, UnsafeMutableRawPointer(buffer.baseAddress! + initialized),
                            count - initialized, off_t(offset) + off_t(initialized))
                    }
                    guard got > 0 else { break }
                    initialized += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The next bytes of a file that may not be seekable; empty at its end.
    static func readNext(_ file: Descriptor, count: Int, _ path: Path) throws(FileError) -> [UInt8] {
        var failure: FileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(1, count)) { buffer, initialized in
            do throws(FileError) {
                while initialized < count {
                    let got = try retrying("read", path) {
                        #if canImport(Darwin)
                        Darwin.read(file.raw, buffer.baseAddress! + initialized, count - initialized)
                        #elseif canImport(Musl)
                        Musl.read(file.raw, buffer.baseAddress! + initialized, count - initialized)
                        #else
                        Glibc.read(file.raw, buffer.baseAddress! + initialized, count - initialized)
                        #endif
                    }
                    guard got > 0 else { break }
                    initialized += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Until the data is on the medium. On Darwin `fsync` stops at the drive's cache.
    static func sync(_ file: Descriptor, _ path: Path) throws(FileError) {
        #if canImport(Darwin)
        if fcntl(file.raw, F_FULLFSYNC) == 0 { return }
        #endif
        _ = try retrying("fsync", path) { fsync(file.raw) }
    }

    /// Hints that a file will be read from front to back.
    static func willReadSequentially(_ file: Descriptor) {
        #if !canImport(Darwin)
        _ = posix_fadvise(file.raw, 0, 0, POSIX_FADV_SEQUENTIAL)
        #endif
    }

    /// Takes the file's exclusive lock without waiting. It belongs to the open file, so that it holds between threads
    /// as between processes, and it goes with the process.
    ///
    /// - Returns: False when another holds it.
    static func tryLock(_ file: Descriptor, _ path: Path) throws(FileError) -> Bool {
        try unless(EWOULDBLOCK, "flock", path) { flock(file.raw, LOCK_EX | LOCK_NB) }
    }

    static func unlock(_ file: Descriptor) {
        _ = flock(file.raw, LOCK_UN)
    }

    /// Waits for what another thread or process holds for microseconds.
    static func pause(microseconds: UInt32) {
        _ = usleep(microseconds)
    }

    /// Every name in a directory except `.` and `..`, in no order. The buffer is valid during the call.
    static func forEachName(
        in directory: Descriptor, _ path: Path, _ body: (UnsafeBufferPointer<UInt8>) throws(FileError) -> Void
    ) throws(FileError) {
        // An open file of its own: the position of a directory is shared by duplicates.
        let own = try retrying("open", path) { openat(directory.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            let code = errno
            close(own)
            throw .system(code, call: "opendir", path: path())
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                let code = errno
                guard code == 0 else { throw .system(code, call: "readdir", path: path()) }
                return
            }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let name = (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: UInt8.self)
            let count = strlen((UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
            if name[0] == UInt8(ascii: "."), count == 1 || (count == 2 && name[1] == UInt8(ascii: ".")) { continue }
            try body(UnsafeBufferPointer(start: name, count: count))
        }
    }

    /// Bytes that the process may still write on the directory's file system.
    static func freeBytes(_ directory: Descriptor, _ path: Path) throws(FileError) -> UInt64 {
        var status = statvfs()
        _ = try retrying("statvfs", path) { fstatvfs(directory.raw, &status) }
        return UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
    }

    /// The path made absolute by the working directory of now; not resolved.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        var relative = path[...]
        while relative.hasPrefix("./") { relative = relative.dropFirst(2).drop { $0 == "/" } }
        let base = String(cString: directory)
        return relative.isEmpty || relative == "." ? base : base + (base.hasSuffix("/") ? "" : "/") + relative
    }

    private static func retrying<T: SignedInteger>(
        _ call: String, _ path: Path, _ body: () -> T
    ) throws(FileError) -> T {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = errno
            guard code == EINTR else { throw .system(code, call: call, path: path()) }
        }
    }

    private static func unless(
        _ accepted: Int32, _ call: String, _ path: Path, _ body: () -> Int32
    ) throws(FileError) -> Bool {
        while true {
            if body() >= 0 { return true }
            let code = errno
            if code == accepted { return false }
            guard code == EINTR else { throw .system(code, call: call, path: path()) }
        }
    }

    private static func descriptor(_ call: String, _ path: Path, _ body: () -> Int32) throws(FileError) -> Descriptor {
        Descriptor(try retrying(call, path, body))
    }
}
