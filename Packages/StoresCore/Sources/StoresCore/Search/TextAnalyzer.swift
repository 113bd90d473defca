/// How text becomes words for matching. Adapters whose engine analyses differently store analysed text, so that the
/// same query finds the same documents everywhere.
public enum TextAnalyzer: String, Sendable, Hashable, CaseIterable, Codable {
    /// Words are runs of letters and numbers (Unicode general categories L and N) with the marks inside them (M);
    /// lower-cased by Unicode's default mapping; no stop words, no stemming.
    case standard
    /// As `standard`, then without English stop words, then stemmed (Porter, 1980).
    case english
}
