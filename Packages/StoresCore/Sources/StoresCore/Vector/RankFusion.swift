/// Reciprocal rank fusion: each list gives an item 1 / (k + rank), ranks from 1; the sums order the result.
///
/// Source: G. V. Cormack, C. L. A. Clarke, S. Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual
/// Rank Learning Methods", SIGIR 2009, with k = 60.
public enum RankFusion {
    public static let k = 60.0

    /// The ids of all lists, best first, ties by id in UTF-8 order.
    public static func fuse(_ lists: [[String]]) -> [String] {
        var sums: [ByteKey: Double] = [:]
        for list in lists {
            for (rank, id) in list.enumerated() { sums[ByteKey(id), default: 0] += 1 / (k + Double(rank + 1)) }
        }
        let ordered = sums.sorted { (a, b) -> Bool in a.value == b.value ? a.key < b.key : a.value > b.value }
        return ordered.map(\.key.text)
    }

    /// How many of each list are fused for a result of `limit`: enough that an item which is low in one list and high
    /// in the other is not lost.
    static func depth(_ limit: Int, atMost most: Int?) -> Int {
        let wanted = max(100, limit.multipliedReportingOverflow(by: 4).overflow ? limit : limit * 4)
        return max(limit, min(wanted, most ?? wanted))
    }

    /// - Parameter most: The backend's largest `limit`, which the deeper queries keep too.
    static func hybrid(
        _ driver: any TextVectorDriver, _ text: VectorTextQuery, _ vector: [Float], _ target: VectorTarget,
        _ context: CallContext, atMost most: Int? = nil
    ) async throws(StoreError) -> VectorMatches {
        var deeper = text
        deeper.limit = depth(text.limit, atMost: most)
        let byText = try await driver.textQuery(deeper, in: target, context: context)
        let byVector = try await driver.query(
            VectorQuery(vector: vector, filter: text.filter, limit: deeper.limit, include: text.include), in: target,
            context: context)
        var found: [ByteKey: VectorMatch] = [:]
        for match in byVector.matches + byText.matches { found[ByteKey(match.id)] = match }
        let matches = fuse([byText.matches.map(\.id), byVector.matches.map(\.id)]).prefix(text.limit)
            .compactMap { id -> VectorMatch? in
                guard var match = found[ByteKey(id)] else { return nil }
                (match.similarity, match.score) = (nil, nil)
                return match
            }
        return VectorMatches(matches: Array(matches), isComplete: byText.isComplete && byVector.isComplete)
    }
}
