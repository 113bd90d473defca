/// Suggestions for misspelt names.
public enum Spelling {
    /// The candidate with the smallest edit distance to the word, if it is near: at most a third of its length, at
    /// least 2. Ties go to the first in UTF-8 order.
    public static func nearest(_ word: String, among candidates: some Sequence<String>) -> String? {
        let word = word.lowercased()
        let allowed = max(2, word.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let distance = distance(Array(word.utf8), Array(candidate.lowercased().utf8))
            if distance <= allowed, distance < (best?.distance ?? .max) { best = (distance, candidate) }
        }
        return best?.name
    }

    /// `; did you mean "qdrant"?`, or nothing.
    public static func hint(_ word: String, among candidates: some Sequence<String>) -> String {
        nearest(word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var before: [Int] = []
        var previous = Array(0...b.count)
        for i in 0..<a.count {
            var current = [i + 1]
            for j in 0..<b.count {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
                current.append(cost)
            }
            (before, previous) = (previous, current)
        }
        return previous[b.count]
    }
}
