import StoresCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file that appears under its name when it is complete; dropped before, nothing of it remains.
final class PartialFile: Sendable {
    private let path: String
    private let partial: String
    private let descriptor: Int32
    private let output: Output

    init(_ path: String) throws(StoreError) {
        self.path = path
        partial = "\(path).partial-\(getpid())"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw Files.failure(path) }
        output = Output(descriptor: descriptor)
    }

    func write(_ bytes: [UInt8]) async throws {
        try await output.write(bytes)
        try await output.flush()
    }

    func finish() throws(StoreError) {
        guard rename(partial, path) == 0 else { throw Files.failure(path) }
    }

    deinit {
        if descriptor >= 0 {
            close(descriptor)
            unlink(partial)
        }
    }
}
