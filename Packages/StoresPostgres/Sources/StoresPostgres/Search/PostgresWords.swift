import StoresCore

/// Analysed words as the tables keep them, and what looks for them.
///
/// Postgres has no say in what a word is: it stores the words that ``TextAnalyzer`` found, in a `text` column, each
/// with a space on both sides: ` white  whale `. A GIN index over `words_vector(words)`, a `tsvector` of the distinct
/// ones, finds rows; how often a word, a phrase or a beginning occurs is counted in the text itself, since a
/// `tsvector` keeps no more than 256 positions of a word and none beyond 16,383.
enum PostgresWords {
    /// Stands between texts that are no neighbours, so that no phrase spans them. No word is like it.
    private static let gap = " | "
    /// A lexeme has less than 2,048 bytes. A longer word is kept as its beginning and a checksum of the whole.
    private static let maxWordBytes = 1024
    /// A `tsvector` has less than 1 MiB; each lexeme takes 4 bytes more.
    private static let maxVectorBytes = 1_000_000

    /// The words of the texts of one field, and how many they are.
    ///
    /// - Throws: `tooLarge` when the distinct words do not fit into a `tsvector`.
    static func encode(_ texts: [String], _ analyzer: TextAnalyzer) throws(StoreError) -> (words: String, count: Int32)
    {
        var words = ""
        var count: Int32 = 0
        for text in texts {
            let terms = analyzer.terms(text)
            if terms.isEmpty { continue }
            if !words.isEmpty { words += gap }
            for term in terms {
                words += " "
                words += word(term)
                words += " "
            }
            count = count.addingReportingOverflow(Int32(clamping: terms.count)).partialValue
        }
        if words.utf8.count > maxVectorBytes {
            let distinct = Set(words.utf8.split(separator: UInt8(ascii: " ")).map { Array($0) })
            guard distinct.reduce(0, { $0 + $1.count + 4 }) <= maxVectorBytes else {
                throw StoreError(
                    .tooLarge, "the text has more different words than Postgres indexes (1 MiB of them)",
                    remedy: "split the text into several records", applied: .no)
            }
        }
        return (words, max(0, count))
    }

    private static func word(_ term: String) -> String {
        guard term.utf8.count > maxWordBytes else { return term }
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in term.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return beginning(term) + "|" + String(sum, radix: 16)
    }

    /// What of a beginning is looked for: no more than what is kept of a long word.
    private static func beginning(_ term: String) -> String {
        guard term.utf8.count > maxWordBytes else { return term }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in term.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > maxWordBytes - 32 { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    // MARK: - As part of the words' text

    static func needle(_ term: String) -> String { " \(word(term)) " }

    static func needle(phrase terms: [String]) -> String { terms.map { needle($0) }.joined() }

    static func needle(prefix: String) -> String { " " + beginning(prefix) }

    // MARK: - As a tsquery

    static func lexeme(_ term: String) -> String { quoted(word(term)) }

    static func lexeme(prefix: String) -> String { quoted(beginning(prefix)) + ":*" }

    /// Any of the words.
    static func any(_ terms: [String]) -> String { distinct(terms).map { lexeme($0) }.joined(separator: " | ") }

    static func all(_ terms: [String]) -> String { distinct(terms).map { lexeme($0) }.joined(separator: " & ") }

    /// In the order of their first occurrences.
    static func distinct(_ terms: [String]) -> [String] {
        var seen: Set<[UInt8]> = []
        return terms.filter { seen.insert(Array($0.utf8)).inserted }
    }

    private static func quoted(_ lexeme: String) -> String {
        "'" + lexeme.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }
}
