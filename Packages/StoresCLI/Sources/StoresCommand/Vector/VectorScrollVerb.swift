import ArgumentParser
import StoresCore

struct VectorScrollVerb: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "scroll", abstract: "Every record, in pages.",
        discussion: """
            Out: {"id","metadata","document","vector"}; after a page that --limit cut, {"next":"…"} for --cursor.

            stores vector scroll --collection docs --include all > backup.jsonl
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var page: PageOptions
    @OptionGroup var call: CallOptions

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @Option(help: "What comes with the ids: metadata,document,vector, all or none.")
    var include = IncludeArgument(.metadata)

    func run(_ stores: Stores, _ console: Console) async throws {
        let collection = try await place.existing(stores)
        let filter = try filter.filter()
        try await page.stream(to: console) { cursor, limit in
            try await collection.scroll(where: filter, cursor: cursor, limit: limit, include: include.include)
        } emit: {
            $0.jsonValue(include.include)
        }
    }
}
