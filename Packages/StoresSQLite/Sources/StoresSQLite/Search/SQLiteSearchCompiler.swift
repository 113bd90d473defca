#if SQLite
import StoresCore

/// A search query as an SQL condition, and as the FTS5 expression that ranks.
///
/// The condition is made of `document_id IN (… MATCH ?)`, so that AND, OR and NOT are SQL's own: FTS5's have no
/// NOT without a left side. The ranking expression is the `OR` of all that adds to the rank.
struct SQLiteSearchCompiler {
    /// What a query comes to.
    struct Compiled {
        var condition: String
        /// Every match is among what the ranking expression finds.
        var isRanked: Bool
    }

    private typealias TextField = (name: String, column: String, analyzer: TextAnalyzer)

    private let fields: [(name: String, column: String, analyzer: TextAnalyzer)]
    private let words: String
    private let firstParameter: Int
    private(set) var parameters: [String] = []
    private var ranking: [String] = []
    private var nodes = 0

    init(_ index: SQLiteSearchIndex, firstParameter: Int) {
        fields = index.textFields
        words = index.words
        self.firstParameter = firstParameter
    }

    /// The expression that ranks; nil when nothing does.
    var rank: String? { ranking.isEmpty ? nil : ranking.map { "(\($0))" }.joined(separator: " OR ") }

    mutating func compile(_ query: SearchQuery, depth: Int = 1, ranks: Bool = true) throws(StoreError) -> Compiled {
        nodes += 1
        guard depth <= 32, nodes <= 1000 else {
            throw .invalidArgument("a query has at most 32 levels and 1000 nodes")
        }
        switch query {
        case .all: return Compiled(condition: "1", isRanked: false)
        case .match(let field, let text, let combination):
            return leaf(match(split(text, field), demandsAll: combination == .and), ranks)
        case .phrase(let field, let text): return leaf(phrase(text, field), ranks)
        case .prefix(let field, let text): return leaf(prefix(split(text, field), field), ranks)
        case .boolean(let must, let should, let mustNot):
            return try boolean(must, should, mustNot, depth, ranks)
        }
    }

    private mutating func boolean(
        _ must: [SearchQuery], _ should: [SearchQuery], _ mustNot: [SearchQuery], _ depth: Int, _ ranks: Bool
    ) throws(StoreError) -> Compiled {
        var demanded: [Compiled] = []
        for part in must { demanded.append(try compile(part, depth: depth + 1, ranks: ranks)) }
        var wished: [Compiled] = []
        for part in should { wished.append(try compile(part, depth: depth + 1, ranks: ranks)) }
        var refused: [Compiled] = []
        for part in mustNot { refused.append(try compile(part, depth: depth + 1, ranks: false)) }
        var conditions = demanded.map(\.condition)
        var isRanked = demanded.contains(where: \.isRanked)
        if must.isEmpty {
            conditions = [wished.isEmpty ? "0" : Self.join(wished.map(\.condition), "OR")]
            isRanked = wished.allSatisfy(\.isRanked)
        }
        conditions += refused.map { "NOT \($0.condition)" }
        return Compiled(condition: Self.join(conditions, "AND"), isRanked: isRanked && ranks)
    }

    /// In halves, or SQLite would count a long chain's every link as a level.
    private static func join(_ parts: [String], _ word: String) -> String {
        guard let first = parts.first else { return "1" }
        guard parts.count > 1 else { return first }
        let middle = parts.count / 2
        return "(\(join(Array(parts[..<middle]), word)) \(word) \(join(Array(parts[middle...]), word)))"
    }

    private mutating func leaf(_ expression: String?, _ ranks: Bool) -> Compiled {
        guard let expression else { return Compiled(condition: "0", isRanked: true) }
        if ranks { ranking.append(expression) }
        parameters.append(expression)
        let number = firstParameter + parameters.count - 1
        return Compiled(
            condition: "d.document_id IN (SELECT rowid FROM \(words) WHERE \(words) MATCH ?\(number))",
            isRanked: ranks)
    }

    // MARK: - Words

    /// A word of the query and what each searched field looks for.
    private struct Word {
        /// Lower-cased, not stemmed.
        var folded: String
        /// By column.
        var terms: [(column: String, term: String)]
        /// No searched field drops it as a stop word.
        var isDemanded: Bool
    }

    private func searched(_ field: String?) -> [TextField] {
        guard let field else { return fields }
        return fields.filter { $0.name.utf8.elementsEqual(field.utf8) }
    }

    private func split(_ text: String, _ field: String?) -> [Word] {
        let searched = searched(field)
        guard !searched.isEmpty else { return [] }
        let all = TextAnalyzer.standard.tokens(text)
        // Every analyzer splits alike; which words one keeps is seen by where they stand.
        let stemmed = Dictionary(
            TextAnalyzer.english.tokens(text).map { ($0.range, $0.term) }, uniquingKeysWith: { first, _ in first })
        return all.map { token in
            var word = Word(folded: token.term, terms: [], isDemanded: true)
            for field in searched {
                let term = field.analyzer == .english ? stemmed[token.range] : token.term
                if let term { word.terms.append((field.column, term)) } else { word.isDemanded = false }
            }
            return word
        }
    }

    private func expression(_ word: Word) -> String? {
        let parts = word.terms.map { "{\($0.column)} : \(SQLiteWords.phrase([$0.term]))" }
        return parts.isEmpty ? nil : "(\(parts.joined(separator: " OR ")))"
    }

    private func match(_ words: [Word], demandsAll: Bool) -> String? {
        let wanted = demandsAll ? words.filter(\.isDemanded) : words
        // Where every word is a stop word somewhere, none has to be there.
        let isAll = demandsAll && !wanted.isEmpty
        let parts = (wanted.isEmpty ? words : wanted).compactMap(expression)
        return parts.isEmpty ? nil : parts.joined(separator: isAll ? " AND " : " OR ")
    }

    private func phrase(_ text: String, _ field: String?) -> String? {
        let parts = searched(field).compactMap { field -> String? in
            let terms = field.analyzer.terms(text)
            return terms.isEmpty ? nil : "{\(field.column)} : \(SQLiteWords.phrase(terms))"
        }
        return parts.isEmpty ? nil : parts.joined(separator: " OR ")
    }

    private func prefix(_ words: [Word], _ field: String?) -> String? {
        guard let last = words.last else { return nil }
        var parts = words.dropLast().filter(\.isDemanded).compactMap(expression)
        let starts = searched(field).map { field in
            let whole = last.terms.first { $0.column == field.column }?.term
            let alternatives = [SQLiteWords.prefix(last.folded)] + (whole.map { [SQLiteWords.phrase([$0])] } ?? [])
            return "{\(field.column)} : (\(alternatives.joined(separator: " OR ")))"
        }
        guard !starts.isEmpty else { return nil }
        parts.append("(\(starts.joined(separator: " OR ")))")
        return parts.joined(separator: " AND ")
    }
}
#endif
