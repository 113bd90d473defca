/// The type of a search field (T1).
public enum SearchFieldType: Sendable, Hashable {
    /// Exact values, for filters and facets. May be an array.
    case keyword
    case text(TextAnalyzer)
    /// Integers and doubles.
    case number
    case instant
    case bool
}

/// The shape of an index. Ensuring one that exists with another throws `schemaMismatch`.
public struct SearchIndexSpec: Sendable, Hashable {
    public var name: String
    /// Top-level field names. Fields of a document that are not declared are kept and filterable, but not searched.
    public var fields: [String: SearchFieldType]

    public init(name: String, fields: [String: SearchFieldType]) {
        self.name = name
        self.fields = fields
    }

    /// The text fields, by name in UTF-8 order.
    public var textFields: [String] {
        fields.compactMap { name, type in if case .text = type { name } else { nil } }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

/// A document to be indexed; it replaces the one with the same id.
public struct SearchDocument: Sendable, Hashable {
    public var id: String
    public var fields: Metadata

    public init(id: String, fields: Metadata) {
        self.id = id
        self.fields = fields
    }
}

/// What to look for in the text fields. Without a field: in any of them.
public indirect enum SearchQuery: Sendable, Hashable {
    case all
    /// Any of the words, or all of them, after analysis. A query without words matches nothing.
    /// Each word may be in another of the searched fields; one that is a stop word of any of them need not be there.
    case match(field: String? = nil, _ text: String, operator: MatchOperator = .or)
    /// The words next to each other, in order, within one field.
    case phrase(field: String? = nil, _ text: String)
    /// A word that, after analysis, starts with the last word of the text as it stands (lower-cased) or is what that
    /// word becomes; the words before it, if any, must be there too.
    case prefix(field: String? = nil, _ text: String)
    /// Every `must`, none of `mustNot`; and at least one of `should` when `must` is empty. `should` adds to the rank.
    /// So without `must` and `should` nothing matches: what is merely not something is `must: [.all]`.
    case boolean(must: [SearchQuery] = [], should: [SearchQuery] = [], mustNot: [SearchQuery] = [])
}

public enum MatchOperator: String, Sendable, Hashable, CaseIterable { case and, or }

/// The values of a keyword field among all matching documents, most frequent first, ties by value.
public struct FacetRequest: Sendable, Hashable {
    public var field: String
    public var limit: Int

    public init(_ field: String, limit: Int = 10) {
        self.field = field
        self.limit = limit
    }
}

public struct FacetValue: Sendable, Hashable {
    public var value: String
    public var count: Int

    public init(value: String, count: Int) {
        self.value = value
        self.count = count
    }
}

public struct SearchRequest: Sendable, Hashable {
    public var query: SearchQuery
    public var filter: Filter?
    public var facets: [FacetRequest]
    /// The text fields of which highlights are wanted.
    public var highlight: [String]
    public var cursor: Cursor?
    public var limit: Int

    public init(
        query: SearchQuery, filter: Filter? = nil, facets: [FacetRequest] = [], highlight: [String] = [],
        cursor: Cursor? = nil, limit: Int
    ) {
        self.query = query
        self.filter = filter
        self.facets = facets
        self.highlight = highlight
        self.cursor = cursor
        self.limit = limit
    }
}

/// A document found by a search.
public struct SearchHit: Sendable, Hashable {
    public var id: String
    /// Ranks within this result and nothing more (T3).
    public var score: Double
    public var fields: Metadata
    /// By field: fragments of its text in which the found words stand between `<em>` and `</em>`.
    public var highlights: [String: [String]]

    public init(id: String, score: Double, fields: Metadata = [:], highlights: [String: [String]] = [:]) {
        self.id = id
        self.score = score
        self.fields = fields
        self.highlights = highlights
    }
}

public struct SearchResults: Sendable, Hashable {
    /// Score descending, then id ascending.
    public var hits: [SearchHit]
    /// All matching documents.
    public var total: Int
    public var facets: [String: [FacetValue]]
    public var next: Cursor?

    public init(hits: [SearchHit], total: Int, facets: [String: [FacetValue]] = [:], next: Cursor? = nil) {
        self.hits = hits
        self.total = total
        self.facets = facets
        self.next = next
    }
}
