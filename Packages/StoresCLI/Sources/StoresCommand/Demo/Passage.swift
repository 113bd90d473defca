/// A part of a document, small enough to be found by itself.
struct Passage: Hashable, Sendable {
    /// 0 for the first of its document.
    var ordinal: Int
    /// The headings above it, outermost first, joined by ` › `; empty when there is none.
    var heading: String
    /// Of its first line, from 1.
    var line: Int
    var text: String

    /// What is embedded: the words of its headings count too.
    var embedded: String { heading.isEmpty ? text : "\(heading)\n\(text)" }
}
