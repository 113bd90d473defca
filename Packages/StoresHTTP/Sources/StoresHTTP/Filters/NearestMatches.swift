public import StoresCore

/// The best matches of a query, in the order that the contracts ask for, from a backend that breaks ties as it likes.
///
/// A backend is asked for a few more than are wanted. When the last of them ties with the last that is wanted, others
/// of that similarity may have stayed behind, and it is asked for more.
public struct NearestMatches: Sendable {
    /// How many more than wanted are asked for at first.
    public static let margin = 8
    /// With more ties than this at the border, those that came are taken.
    static let mostTies = 10_000

    public let limit: Int
    public let minSimilarity: Double?
    /// How many to ask the backend for.
    public private(set) var asked: Int

    /// - Parameter most: What the backend gives at most.
    public init(limit: Int, minSimilarity: Double?, most: Int = .max) {
        self.limit = limit
        self.minSimilarity = minSimilarity
        asked = min(limit.addingReportingOverflow(Self.margin).overflow ? limit : limit + Self.margin, most)
    }

    /// Whether the backend has to be asked again, for more.
    public mutating func needsMore(_ found: [VectorMatch], most: Int = .max) -> Bool {
        guard found.count >= asked, asked < most, asked - limit < Self.mostTies, limit <= found.count else {
            return false
        }
        let similarities = found.map { $0.similarity ?? -.infinity }.sorted(by: >)
        guard let last = similarities.last, last == similarities[limit - 1], last >= minSimilarity ?? -.infinity else {
            return false
        }
        asked = min(most, limit + (asked - limit) * 8)
        return true
    }

    /// The matches that are wanted: similarity descending, then id ascending.
    public func best(_ found: [VectorMatch]) -> [VectorMatch] {
        let wanted = found.filter { ($0.similarity ?? -.infinity) >= minSimilarity ?? -.infinity }
        let sorted = wanted.sorted { a, b in
            let (left, right) = (a.similarity ?? -.infinity, b.similarity ?? -.infinity)
            return left == right ? IDKey(a.id) < IDKey(b.id) : left > right
        }
        return Array(sorted.prefix(limit))
    }
}
