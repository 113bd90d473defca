#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Feature hashing: a deterministic bag of words and character trigrams, not a language model. It needs no network and
/// no weights, and knows no synonyms: texts are near when they share words or parts of words.
///
/// Each feature of the analysed text (words with weight 1, trigrams of `^word$` with 0.35, damped by
/// 1 + ln(occurrences)) is added with a sign to one of the dimensions, both taken from its FNV-1a hash; the vector is
/// then scaled to length 1. A text without words gives the unit vector of the first dimension.
///
/// Source of the method: K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.
public struct FeatureHashingEmbedder: Embedder {
    public let dimensions: Int
    public let metric = VectorMetric.cosine
    private let analyzer: TextAnalyzer

    public var name: String { "feature-hashing-\(analyzer.rawValue)-\(dimensions)" }

    /// - Parameter dimensions: At least 16; more means fewer collisions.
    public init(dimensions: Int = 384, analyzer: TextAnalyzer = .english) {
        self.dimensions = max(16, dimensions)
        self.analyzer = analyzer
    }

    public func embed(_ texts: [String]) async throws -> [[Float]] {
        texts.map(vector)
    }

    /// The vector of one text; pure.
    public func vector(_ text: String) -> [Float] {
        var counts: [[UInt8]: (count: Int, weight: Double)] = [:]
        for term in analyzer.terms(text) {
            let word = Array(term.utf8)
            counts[word, default: (0, 1)].count += 1
            let framed = [UInt8(ascii: "^")] + word + [UInt8(ascii: "$")]
            guard framed.count > 3 else { continue }
            for start in 0...(framed.count - 3) {
                // The leading zero keeps a trigram apart from a word of the same bytes.
                counts[[0] + framed[start..<start + 3], default: (0, 0.35)].count += 1
            }
        }
        var sums = [Double](repeating: 0, count: dimensions)
        // In a fixed order, since floating-point sums depend on it.
        for (feature, value) in counts.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let hash = Self.hash(feature)
            let sign = hash >> 63 == 0 ? 1.0 : -1.0
            sums[Int(hash % UInt64(dimensions))] += sign * value.weight * (1 + log(Double(value.count)))
        }
        let length = sums.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard length > 0 else { return [1] + [Float](repeating: 0, count: dimensions - 1) }
        return sums.map { Float($0 / length) }
    }

    /// FNV-1a, 64 bits, with a final mix so that the high bits are usable.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        hash ^= hash >> 33
        hash = hash &* 0xff51_afd7_ed55_8ccd
        return hash ^ hash >> 33
    }
}
