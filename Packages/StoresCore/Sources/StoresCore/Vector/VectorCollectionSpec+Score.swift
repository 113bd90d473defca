extension VectorCollectionSpec {
    /// Why a vector is refused (V3), or nil: `has 3 dimensions, not 4`.
    func problem(with vector: [Float]) -> String? {
        guard vector.count == dimensions else { return "has \(vector.count) dimensions, not \(dimensions)" }
        var squared = 0.0
        for value in vector {
            guard value.isFinite else { return "has a component that is not finite" }
            squared += Double(value) * Double(value)
        }
        if metric == .cosine, squared == 0 { return "has no length, and the metric is cosine" }
        if hasUnitVectors, abs(squared.squareRoot() - 1) > 1e-3 {
            return "has length \(squared.squareRoot()), and the collection declares unit vectors"
        }
        return nil
    }

    /// Whether matches have a `score` (V6).
    public var hasScore: Bool { metric != .dot || hasUnitVectors }

    /// The score of a similarity: cosine (1 + cos) / 2, euclidean 1 / (1 + d), dot of unit vectors as cosine.
    public func score(_ similarity: Double) -> Double? {
        guard hasScore else { return nil }
        return metric == .euclidean ? 1 / (1 - similarity) : (1 + similarity) / 2
    }

    /// A similarity a little below the one at which the score is reached; nil when every similarity reaches it.
    ///
    /// A score does not turn back into its similarity exactly, and some backends compare in single precision. So the
    /// driver is given room (8 ulps of a `Float`), and ``reaches(_:_:)`` decides (V7).
    func minSimilarity(ofScore score: Double) throws(StoreError) -> Double? {
        guard hasScore else {
            throw .invalidArgument("minScore needs a score, which dot has for declared unit vectors alone")
        }
        guard score.isFinite else { throw .invalidArgument("minScore is finite; got \(score)") }
        if metric == .euclidean, score <= 0 { return nil }
        let similarity = metric == .euclidean ? 1 - 1 / score : 2 * score - 1
        guard similarity.isFinite else { return nil }
        return similarity - 1e-6 * max(1, abs(similarity))
    }

    /// Whether a match's score is at least `minScore`, inclusive.
    func reaches(_ minScore: Double, _ similarity: Double?) -> Bool {
        guard let score = similarity.flatMap(score) else { return false }
        return score >= minScore
    }
}
