import Foundation
import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An open file; closed when it is let go.
final class JournalFile: Sendable {
    private let descriptor: Int32

    init(path: String, creates: Bool) throws(StoreError) {
        if creates {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw .wrapping(error, "the folder of the journal can't be made")
            }
        }
        descriptor = open(path, O_RDWR | O_CLOEXEC | (creates ? O_CREAT : 0), 0o600)
        guard descriptor >= 0 else { throw Self.error("open") }
    }

    deinit {
        close(descriptor)
    }

    /// Waits for other processes, but not longer than the deadline.
    func lock(until deadline: Deadline) throws(StoreError) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Self.error("lock") }
            if deadline.hasPassed { throw .timeout("the lock of the journal", applied: .no) }
            usleep(1000)
        }
    }

    func unlock() {
        _ = flock(descriptor, LOCK_UN)
    }

    /// All that follows the offset.
    func read(from offset: Int) throws(StoreError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(offset + bytes.count))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.error("read")
            }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Returns when the disk has it. After a failure the file is as it was.
    func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(
                    descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written, off_t(offset + written)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let error = Self.error("write")
                try truncate(to: offset)
                throw error
            }
            written += count
        }
        guard fsync(descriptor) == 0 else {
            let error = Self.error("sync")
            try truncate(to: offset)
            throw error
        }
    }

    func truncate(to size: Int) throws(StoreError) {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw Self.error("truncate", applied: .unknown) }
    }

    /// The one place where the system's errors become `StoreError`s.
    private static func error(_ what: String, applied: StoreError.Applied = .no) -> StoreError {
        let number = errno
        let code: StoreError.Code =
            switch number {
            case ENOENT: .notFound
            case EACCES, EPERM, EROFS: .permissionDenied
            case EIO: .internal
            default: .unavailable
            }
        return StoreError(
            code, "\(what) failed: \(String(cString: strerror(number)))",
            remedy: "set JOURNAL_PATH to a file that can be written", applied: applied, isRetryable: false)
    }
}
