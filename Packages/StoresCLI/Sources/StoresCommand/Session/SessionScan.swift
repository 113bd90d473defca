import ArgumentParser
import StoresCore

struct SessionScan: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "The keys within a prefix, or all.",
        discussion: """
            Out: {"key"}; after a page that --limit cut, {"next":"…"} for --cursor.

            stores session scan user
            """)

    @Argument(help: "Whole segments.")
    var prefix: String?

    @OptionGroup var page: PageOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        try await page.stream(to: console) { cursor, limit in
            try await stores.session.scan(prefix: prefix, cursor: cursor, limit: limit)
        } emit: {
            ["key": .string($0)]
        }
    }
}
