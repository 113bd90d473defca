import StoresCore

/// The rank of rows by their words, as SQL: BM25 with the constants and the idf of ``InvertedIndex``.
///
/// How many rows there are, and their mean length, is taken from at most ``sampleSize`` of them, and how many have a
/// word from the rows that were found: a rank needs the words' weights relative to each other, not exact ones. Rows of
/// equal words have equal scores.
struct PostgresRanking: Sendable {
    /// Something that adds to the rank: a word, a phrase or a beginning, in one column of words.
    struct Part: Sendable, Hashable {
        /// An index into `columns`.
        var column: Int
        var needle: String
    }

    /// Looked at for the number and the mean length of rows.
    static let sampleSize = 10_000
    /// Of a longer query the first so many words rank; all of them find.
    static let mostParts = 64

    private static let k1 = 1.2
    private static let b = 0.75

    private(set) var parts: [Part] = []
    private var seen: Set<Part> = []

    mutating func add(_ part: Part) {
        guard parts.count < Self.mostParts, seen.insert(part).inserted else { return }
        parts.append(part)
    }

    /// `, … AS f0, … AS f1`: how often each part occurs in a row, for the list of what `hits` selects.
    func frequencies(words: (Int) -> String, _ arguments: inout PostgresArguments) -> String {
        var text = ""
        for (number, part) in parts.enumerated() {
            let needle = arguments.bind(.text(part.needle))
            let words = words(part.column)
            text +=
                ", (octet_length(\(words)) - octet_length(replace(\(words), \(needle), ''))) / octet_length(\(needle))"
                + " AS f\(number)"
        }
        return text
    }

    /// The weights of the parts and the mean length of each column, as the columns `w0…` and `a0…` of one row, computed
    /// from the rows of `hits`.
    ///
    /// - Parameters:
    ///   - source: `FROM … WHERE …` of all rows that could match.
    ///   - lengths: The column of each words' column that holds the number of its words.
    func weights(source: String, lengths: [String]) -> String {
        let counted = Set(parts.map(\.column)).sorted()
        let frequencies = parts.indices.map { ", count(*) FILTER (WHERE f\($0) > 0) AS d\($0)" }.joined()
        let sampled = counted.map { ", \(lengths[$0]) AS l\($0)" }.joined()
        let sums = counted.map { column in
            ", count(*) FILTER (WHERE l\(column) > 0) AS c\(column)"
                + ", greatest(1, coalesce(avg(l\(column)) FILTER (WHERE l\(column) > 0), 1))::float8 AS a\(column)"
        }.joined()
        let weights = parts.indices.map { number in
            let count = "greatest(s.c\(parts[number].column), m.d\(number))"
            return "ln(1 + (\(count) - m.d\(number) + 0.5) / (m.d\(number) + 0.5))::float8 AS w\(number)"
        }
        let means = counted.map { "s.a\($0) AS a\($0)" }
        return """
            SELECT \((weights + means).joined(separator: ", "))
            FROM (SELECT count(*) AS n\(frequencies) FROM hits) m,
            (SELECT count(*) AS n\(sums) FROM (SELECT 1 AS one\(sampled) \(source) LIMIT \(Self.sampleSize)) l) s
            """
    }

    /// The names of the columns of ``weights(source:lengths:)``.
    var weightNames: [String] {
        parts.indices.map { "w\($0)" } + Set(parts.map(\.column)).sorted().map { "a\($0)" }
    }

    /// The score of a row `h` of `hits`, with the weights in `w`: 0 where nothing ranks.
    ///
    /// - Parameter length: The column of `h` that holds the number of words of a column.
    func score(length: (Int) -> String) -> String {
        if parts.isEmpty { return "0::float8" }
        return parts.enumerated().map { number, part in
            let norm = "\(Self.k1) * (\(1 - Self.b) + \(Self.b) * \(length(part.column)) / w.a\(part.column))"
            return "w.w\(number) * h.f\(number) * \(Self.k1 + 1) / (h.f\(number) + \(norm))"
        }.joined(separator: " + ")
    }
}
