/// Whether to look for replies a moment longer pays: the more often in a row it did not, the longer it is left out.
struct RedisLookout {
    private var misses = 0
    private var skips = 0

    /// To be asked once for each attempt.
    mutating func isWorthIt() -> Bool {
        guard skips > 0 else { return true }
        skips -= 1
        return false
    }

    mutating func ended(_ isFound: Bool) {
        misses = isFound ? 0 : min(misses + 1, 12)
        // The first few may be chance.
        skips = misses > 2 ? 1 << misses : 0
    }
}
