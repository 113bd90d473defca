import StoresCore

/// What pgvector can compute with: it sums in single precision, so that vectors which are finite themselves may have
/// products that are not.
enum PostgresVectorRange {
    /// Squares of sums of two vectors within it are less than the largest float, 3.4e38.
    private static let maxSquaredLength = 8e37
    /// Well above the smallest normal float, 1.2e-38, below which precision goes.
    private static let minSquaredLength = 1e-34
    private static let maxHalf: Float = 65_504
    /// The smallest normal half, 2^-14.
    private static let minHalf: Float = 0x1p-14

    /// Why a vector is refused, or nil.
    ///
    /// - Parameter isHalf: Whether it is indexed in half precision.
    static func problem(_ vector: [Float], _ metric: VectorMetric, isHalf: Bool) -> String? {
        // Four sums, since each addition waits for the one before it.
        var sums = SIMD4<Double>()
        let whole = vector.count & ~3
        for index in stride(from: 0, to: whole, by: 4) {
            let numbers = SIMD4<Double>(
                Double(vector[index]), Double(vector[index + 1]), Double(vector[index + 2]), Double(vector[index + 3]))
            sums += numbers * numbers
        }
        var squared = sums.sum()
        for number in vector[whole...] { squared += Double(number) * Double(number) }
        guard squared <= maxSquaredLength else {
            return "is longer than 8.9e18, which pgvector cannot compute with"
        }
        if metric == .cosine, squared < minSquaredLength {
            return "is shorter than 1e-17, which pgvector cannot tell from 0 under cosine"
        }
        guard isHalf else { return nil }
        let largest = vector.reduce(into: Float(0)) { $0 = max($0, abs($1)) }
        if largest > maxHalf { return "has a component beyond 65504, the largest of halfvec" }
        if metric == .cosine, largest < minHalf { return "has components that are all 0 in halfvec" }
        return nil
    }
}
