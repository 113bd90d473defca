extension Duration {
    /// This duration in milliseconds, rounded up, saturating at the ends of `Int64`.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let fraction = attoseconds / 1_000_000_000_000_000
        let roundUp: Int64 = attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(fraction + roundUp)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }

    /// This duration in nanoseconds, rounded up, saturating at the ends of `Int64`.
    ///
    /// A division of 128 bits costs as much as a look at the clock, so it is put together from some of 64 bits by a
    /// constant: with 2⁶⁴ as = 18,446,744,073 ns + 709,551,616 as, the remainders' sum is less than 2⁵⁹ in magnitude.
    @inlinable
    public var wholeNanoseconds: Int64 {
        let high = Int64(truncatingIfNeeded: attoseconds >> 64)
        let low = UInt64(truncatingIfNeeded: attoseconds)
        // 5 × 10⁸ × 2⁶⁴ as are 2⁶³ ns.
        guard -500_000_000 <= high else { return .min }
        guard high < 500_000_000 else { return .max }
        let rest = high &* 709_551_616 &+ Int64(truncatingIfNeeded: low % 1_000_000_000)
        let (most, part) = rest.quotientAndRemainder(dividingBy: 1_000_000_000)
        let whole = high &* 18_446_744_073 &+ Int64(truncatingIfNeeded: low / 1_000_000_000)
        // Only the last nanosecond, rounded up, is too much.
        let (sum, overflow) = whole.addingReportingOverflow(most &+ (part > 0 ? 1 : 0))
        return overflow ? .max : sum
    }
}
