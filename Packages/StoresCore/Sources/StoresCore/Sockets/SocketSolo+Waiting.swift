#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension SocketSolo {
    /// Waits for the answer as the policy says.
    public func wait(for descriptor: Int32) -> Wait {
        Self.wait(for: descriptor, patience, looking: spin)
    }

    /// Whether something can be read at once.
    public static func canRead(_ descriptor: Int32) -> Bool {
        wait(for: descriptor, .zero, looking: .zero) != .inVain
    }

    /// Waits until the descriptor can be read, for less than a second. By `pselect`, since `poll` knows milliseconds
    /// only, and Swift does not see `ppoll`.
    static func wait(for descriptor: Int32, _ patience: Duration, looking spin: Duration) -> Wait {
        guard (0..<Int32(MemoryLayout<fd_set>.size * 8)).contains(descriptor) else { return .inVain }
        let start = MonotonicInstant.now
        var limit = timespec()
        while true {
            if isReadable(descriptor, &limit) { return limit.tv_nsec > 0 ? .slept : .saw }
            let elapsed = start.duration(to: .now)
            if elapsed >= patience { return .inVain }
            if elapsed >= spin {
                limit.tv_nsec = Int((patience - elapsed).wholeNanoseconds)
            }
        }
    }

    private static func isReadable(_ descriptor: Int32, _ limit: inout timespec) -> Bool {
        var set = fd_set()
        // FD_SET is a macro, which Swift does not see: a set is an array of words, from the lowest bit on.
        withUnsafeMutableBytes(of: &set) { bytes in
            let words = bytes.bindMemory(to: Word.self)
            let (word, bit) = Int(descriptor).quotientAndRemainder(dividingBy: Word.bitWidth)
            words[word] |= 1 << bit
        }
        return pselect(descriptor + 1, &set, nil, nil, &limit, nil) > 0
    }

    #if canImport(Darwin)
    private typealias Word = Int32
    #else
    private typealias Word = Int
    #endif
}
