/// Cuts a batch into pieces that a backend takes (X6).
enum BatchSplitter {
    /// Ranges of indices, in order, each with at most `maxCount` items and, unless a single item is larger, at most
    /// `maxBytes` by the estimate.
    static func split(
        count: Int, maxCount: Int?, maxBytes: Int?, size: (Int) -> Int
    ) -> [Range<Int>] {
        guard count > 0 else { return [] }
        let maxCount = max(1, maxCount ?? .max)
        guard let maxBytes else {
            guard count > maxCount else { return [0..<count] }
            return stride(from: 0, to: count, by: maxCount).map { $0..<min(count, $0 + maxCount) }
        }
        var ranges: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for index in 0..<count {
            let size = size(index)
            if index > start, index - start >= maxCount || size > maxBytes - bytes {
                ranges.append(start..<index)
                (start, bytes) = (index, 0)
            }
            bytes = bytes.addingReportingOverflow(size).overflow ? .max : bytes + size
        }
        ranges.append(start..<count)
        return ranges
    }
}
