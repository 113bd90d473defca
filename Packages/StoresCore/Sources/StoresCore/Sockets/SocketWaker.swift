#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A pipe by which any thread ends a `poll`.
final class SocketWaker: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init() throws(StoreError) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else {
            throw StoreError(
                .unavailable, "no pipe can be made: \(String(cString: strerror(errno)))",
                remedy: "raise the limit of open files (ulimit -n)", applied: .no)
        }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
        }
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// A full pipe wakes as well.
    func wake() {
        var byte: UInt8 = 0
        while write(writeEnd, &byte, 1) < 0, errno == EINTR {}
    }

    func drain() {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            while read(readEnd, buffer.baseAddress, buffer.count) == buffer.count {}
        }
    }
}
