import ArgumentParser
import StoresCore

struct MemoryList: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Facts by scope, then id.",
        discussion: """
            Out: a fact a line; after a page that --limit cut, {"next":"…"} for --cursor.

            stores memory list --scope user/ada --where "city = 'London'"
            """)

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @Option(help: "exact: this scope; subtree: all under it too.")
    var depth = Choice(ScopeDepth.subtree)

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @OptionGroup var page: PageOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let filter = try filter.filter()
        try await page.stream(to: console) { cursor, limit in
            try await stores.memory.list(
                scope: scope.scope, depth: depth.value, where: filter, cursor: cursor, limit: limit)
        } emit: {
            $0.jsonValue
        }
    }
}
