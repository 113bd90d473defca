#if HTTP
import StoresCore
import StoresHTTP

/// A text as the sparse vector that BM25 wants: for each word how much it says, under a number made of the word. How
/// rare the word is, the server multiplies in (`modifier: idf`).
///
/// Source: S. Robertson, H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with k1 = 1.2,
/// b = 0.75. The average length is a constant, as in the vendor's own encoder: it is not known where it is written.
struct QdrantText: Equatable {
    private static let k1 = 1.2
    private static let b = 0.75
    private static let averageLength = 256.0

    /// Ascending.
    let indices: [UInt32]
    let values: [Float]

    /// Nil for a text without words.
    static func document(_ text: String) -> QdrantText? {
        let terms = TextAnalyzer.standard.terms(text)
        let length = Double(terms.count) / averageLength
        return QdrantText(terms) { count in
            Float(Double(count) * (k1 + 1) / (Double(count) + k1 * (1 - b + b * length)))
        }
    }

    /// A query: each of its words counts once.
    static func query(_ text: String) -> QdrantText? {
        QdrantText(TextAnalyzer.standard.terms(text)) { _ in 1 }
    }

    private init?(_ terms: [String], weight: (Int) -> Float) {
        guard !terms.isEmpty else { return nil }
        var counts: [UInt32: Int] = [:]
        for term in terms { counts[Self.index(term), default: 0] += 1 }
        indices = counts.keys.sorted()
        values = indices.map { weight(counts[$0] ?? 0) }
    }

    /// FNV-1a of the word's bytes. Words that share a number are taken for one.
    private static func index(_ term: String) -> UInt32 {
        term.utf8.reduce(0x811C_9DC5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }

    func append(to writer: inout JSONWriter) {
        writer.raw("{\"indices\":")
        writer.list(indices) { $0.append(Int($1)) }
        writer.raw(",\"values\":")
        writer.append(values)
        writer.raw("}")
    }
}
#endif
