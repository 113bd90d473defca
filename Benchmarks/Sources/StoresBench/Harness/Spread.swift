/// The least, the middle and the greatest of repeated measurements.
struct Spread: Codable, Sendable {
    var min: Double
    var median: Double
    var max: Double
    var count: Int

    /// - Parameter values: At least one; an empty list gives NaN, which no target accepts.
    init(_ values: [Double]) {
        let sorted = values.sorted()
        count = sorted.count
        min = sorted.first ?? .nan
        max = sorted.last ?? .nan
        let middle = sorted.count / 2
        median =
            sorted.isEmpty
            ? .nan : sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
