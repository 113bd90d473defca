import StoresCore

/// A search query as an SQL condition on a row `r`, and what of it ranks.
///
/// Words are found by `words_vector(words) @@ tsquery`, which an index answers. Below a `mustNot` no index helps, and
/// there the text of the words is searched instead, which is cheaper than making its vector. A phrase is found by its
/// words and then by their text.
struct PostgresSearchCompiler {
    private typealias TextField = PostgresSearchIndex.TextField

    private let fields: [PostgresSearchIndex.TextField]
    private(set) var arguments: PostgresArguments
    private(set) var ranking = PostgresRanking()
    private var nodes = 0

    /// Of a `match` or `prefix` in several fields, each word is a condition of its own.
    private static let mostWords = 1000

    init(_ index: PostgresSearchIndex, _ arguments: PostgresArguments) {
        fields = index.textFields
        self.arguments = arguments
    }

    /// - Parameter isNegated: Below a `mustNot`: nothing of it ranks.
    mutating func condition(_ query: SearchQuery, isNegated: Bool = false, depth: Int = 1) throws(StoreError) -> String
    {
        nodes += 1
        guard depth <= 32, nodes <= 1000 else {
            throw .invalidArgument("a query has at most 32 levels and 1000 nodes")
        }
        switch query {
        case .all: return "true"
        case .match(let field, let text, let combination):
            return match(try split(text, field), demandsAll: combination == .and, isNegated)
        case .phrase(let field, let text): return phrase(text, field, isNegated)
        case .prefix(let field, let text): return prefix(try split(text, field), field, isNegated)
        case .boolean(let must, let should, let mustNot):
            var demanded: [String] = []
            for part in must { demanded.append(try condition(part, isNegated: isNegated, depth: depth + 1)) }
            var wished: [String] = []
            for part in should { wished.append(try condition(part, isNegated: isNegated, depth: depth + 1)) }
            if must.isEmpty { demanded = [Self.join(wished, "OR", none: "false")] }
            for part in mustNot {
                demanded.append("NOT \(try condition(part, isNegated: true, depth: depth + 1))")
            }
            return Self.join(demanded, "AND", none: "true")
        }
    }

    /// Adds the filter on the documents' fields.
    mutating func condition(_ filter: Filter) throws(StoreError) -> String {
        try PostgresFilter.condition(filter, column: "r.fields", &arguments)
    }

    mutating func frequencies() -> String {
        let fields = fields
        return ranking.frequencies(words: { "r.\(fields[$0].words)" }, &arguments)
    }

    mutating func bind(_ value: PostgresParameter) -> String { arguments.bind(value) }

    private static func join(_ parts: [String], _ word: String, none: String) -> String {
        parts.isEmpty ? none : parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " \(word) ")))"
    }

    // MARK: - Leaves

    private mutating func vector(_ field: TextField, _ query: String) -> String {
        "words_vector(r.\(field.words)) @@ \(arguments.bind(.text(query)))::tsquery"
    }

    private mutating func text(_ field: TextField, _ needle: String) -> String {
        "strpos(r.\(field.words), \(arguments.bind(.text(needle)))) > 0"
    }

    private mutating func rank(_ field: TextField, _ needle: String, _ isNegated: Bool) {
        if !isNegated { ranking.add(PostgresRanking.Part(column: field.number, needle: needle)) }
    }

    /// A word of the query and what each searched field looks for.
    private struct Word {
        /// Lower-cased, not stemmed.
        var folded: String
        var terms: [(field: TextField, term: String)]
        /// No searched field drops it as a stop word.
        var isDemanded: Bool
    }

    private func searched(_ field: String?) -> [TextField] {
        guard let field else { return fields }
        return fields.filter { $0.name.utf8.elementsEqual(field.utf8) }
    }

    private func split(_ text: String, _ field: String?) throws(StoreError) -> [Word] {
        let searched = searched(field)
        guard !searched.isEmpty else { return [] }
        let all = TextAnalyzer.standard.tokens(text)
        guard all.count <= Self.mostWords else {
            throw .invalidArgument("a query has at most \(Self.mostWords) words; got \(all.count)")
        }
        // Every analyzer splits alike; which words one keeps is seen by where they stand.
        let stemmed = Dictionary(
            TextAnalyzer.english.tokens(text).map { ($0.range, $0.term) }, uniquingKeysWith: { first, _ in first })
        return all.map { token in
            var word = Word(folded: token.term, terms: [], isDemanded: true)
            for field in searched {
                let term = field.analyzer == .english ? stemmed[token.range] : token.term
                if let term { word.terms.append((field, term)) } else { word.isDemanded = false }
            }
            return word
        }
    }

    /// Any field has the word.
    private mutating func has(_ word: Word, _ isNegated: Bool) -> String {
        var parts: [String] = []
        for (field, term) in word.terms {
            rank(field, PostgresWords.needle(term), isNegated)
            parts.append(
                isNegated
                    ? text(field, PostgresWords.needle(term)) : vector(field, PostgresWords.lexeme(term)))
        }
        return Self.join(parts, "OR", none: "false")
    }

    private mutating func match(_ words: [Word], demandsAll: Bool, _ isNegated: Bool) -> String {
        let demanded = words.filter(\.isDemanded)
        // Where every word is a stop word somewhere, none has to be there.
        guard demandsAll, !demanded.isEmpty else { return any(words, isNegated) }
        var parts: [String] = []
        for word in demanded { parts.append(has(word, isNegated)) }
        return Self.join(parts, "AND", none: "false")
    }

    /// Any of the words: one tsquery for each field.
    private mutating func any(_ words: [Word], _ isNegated: Bool) -> String {
        var parts: [String] = []
        for field in fields {
            let terms = PostgresWords.distinct(
                words.flatMap { $0.terms.filter { $0.field.number == field.number }.map(\.term) })
            if terms.isEmpty { continue }
            for term in terms { rank(field, PostgresWords.needle(term), isNegated) }
            if isNegated {
                for term in terms { parts.append(text(field, PostgresWords.needle(term))) }
            } else {
                parts.append(vector(field, PostgresWords.any(terms)))
            }
        }
        return Self.join(parts, "OR", none: "false")
    }

    private mutating func phrase(_ text: String, _ field: String?, _ isNegated: Bool) -> String {
        var parts: [String] = []
        for field in searched(field) {
            let terms = field.analyzer.terms(text)
            if terms.isEmpty { continue }
            let needle = PostgresWords.needle(phrase: terms)
            rank(field, needle, isNegated)
            let found = self.text(field, needle)
            parts.append(isNegated ? found : "(\(vector(field, PostgresWords.all(terms))) AND \(found))")
        }
        return Self.join(parts, "OR", none: "false")
    }

    /// All words, and for the last one a term that starts with it or is what it becomes.
    private mutating func prefix(_ words: [Word], _ field: String?, _ isNegated: Bool) -> String {
        guard let last = words.last else { return "false" }
        var demanded: [String] = []
        for word in words.dropLast() where word.isDemanded { demanded.append(has(word, isNegated)) }
        var starts: [String] = []
        for field in searched(field) {
            let whole = last.terms.first { $0.field.number == field.number }?.term
            var needles = [PostgresWords.needle(prefix: last.folded)]
            var query = PostgresWords.lexeme(prefix: last.folded)
            if let whole, !whole.utf8.starts(with: last.folded.utf8) {
                needles.append(PostgresWords.needle(whole))
                query += " | \(PostgresWords.lexeme(whole))"
            }
            for needle in needles { rank(field, needle, isNegated) }
            if isNegated {
                for needle in needles { starts.append(text(field, needle)) }
            } else {
                starts.append(vector(field, query))
            }
        }
        demanded.append(Self.join(starts, "OR", none: "false"))
        return Self.join(demanded, "AND", none: "false")
    }
}
