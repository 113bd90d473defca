import ArgumentParser
import StoresCore

/// `0-99`, `100-` or `-50`, as in HTTP.
struct ByteRangeArgument: ExpressibleByArgument, Sendable {
    let range: ByteRange

    init?(argument: String) {
        let parts = argument.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch (Int64(parts[0]), Int64(parts[1])) {
        case (let first?, let last?):
            guard first >= 0, last >= first, last < .max else { return nil }
            range = .bytes(offset: first, length: last - first + 1)
        case (let first?, nil) where parts[1].isEmpty: range = .from(first)
        case (nil, let count?) where parts[0].isEmpty: range = .suffix(count)
        default: return nil
        }
    }
}
