import ArgumentParser
import StoresCore

struct SearchQueryVerb: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "query", abstract: "Finds documents, best first.",
        discussion: """
            --match, --phrase and --prefix together must all hold; none of them, and no --query, finds all.
            --query is "all", {"match":"words"}, {"match":{"field","text","operator":"and"|"or"}}, {"phrase":…}, \
            {"prefix":…}, or {"boolean":{"must":[…],"should":[…],"mustNot":[…]}}.
            Out: {"id","score","fields","highlights"?} a hit, at the end {"total","facets"?,"next"?}.

            stores search query --index pages --match "event streams" --where "kind = 'guide'" --facet kind
            """)

    @OptionGroup var place: IndexOptions
    @OptionGroup var call: CallOptions

    @Option(help: "Any of these words.")
    var match: String?

    @Option(help: "These words next to each other.")
    var phrase: String?

    @Option(help: "A word that starts like the last of these.")
    var prefix: String?

    @Option(name: .customLong("in"), help: "The text field to look in; without it, any.")
    var field: String?

    @Flag(help: "--match wants all of its words.")
    var allWords = false

    @Option(help: "A query in JSON.")
    var query: String?

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @Option(name: .customLong("facet"), help: ArgumentHelp("Values of a keyword field.", valueName: "field[:limit]"))
    var facets: [String] = []

    @Option(name: .customLong("highlight"), help: ArgumentHelp("Fragments of a text field.", valueName: "field"))
    var highlights: [String] = []

    @Option(help: "Hits of a page, at least 1.")
    var limit = 10

    @Option(help: "The \"next\" of the page before.")
    var cursor: String?

    @Flag(help: "Every page.")
    var all = false

    func validate() throws {
        if query != nil, match != nil || phrase != nil || prefix != nil {
            throw ValidationError("give --query, or --match, --phrase and --prefix")
        }
        if allWords, match == nil { throw ValidationError("--all-words goes with --match") }
        if field != nil, match == nil, phrase == nil, prefix == nil {
            throw ValidationError("--in goes with --match, --phrase and --prefix")
        }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let index = try await place.existing(stores)
        let query = try searchQuery()
        let filter = try filter.filter()
        var next = cursor.map(Cursor.init(rawValue:))
        var first: SearchResults?
        repeat {
            let results = try await index.search(
                query, where: filter, facets: first == nil ? facets.map(Self.facet) : [], highlight: highlights,
                cursor: next, limit: limit)
            for hit in results.hits { try await console.emit(hit.jsonValue) }
            first = first ?? results
            next = results.next
        } while all && next != nil
        if let first { try await console.emit(first.summary(next: next)) }
    }

    private func searchQuery() throws(StoreError) -> SearchQuery {
        if let query {
            do throws(StoreError) {
                return try SearchQuery(jsonValue: try JSONReader.value(from: query))
            } catch {
                throw .invalidArgument(error.message.hasPrefix("--query") ? error.message : "--query: \(error.message)")
            }
        }
        var parts: [SearchQuery] = []
        if let match { parts.append(.match(field: field, match, operator: allWords ? .and : .or)) }
        if let phrase { parts.append(.phrase(field: field, phrase)) }
        if let prefix { parts.append(.prefix(field: field, prefix)) }
        guard let only = parts.first else { return .all }
        return parts.count == 1 ? only : .boolean(must: parts)
    }

    /// `kind` or `kind:20`.
    private static func facet(_ text: String) -> FacetRequest {
        guard let colon = text.lastIndex(of: ":"), let limit = Int(text[text.index(after: colon)...]) else {
            return FacetRequest(text)
        }
        return FacetRequest(String(text[..<colon]), limit: limit)
    }
}
