import ArgumentParser
import StoresCore

struct ArtifactListVerb: TierVerb {
    static let tier = Tier.artifact
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Objects whose keys start with a prefix, in UTF-8 byte order.",
        discussion: """
            Out: objects and, with --delimiter, {"commonPrefix"}, in one order; after a page that --limit cut, \
            {"next":"…"} for --cursor.

            stores artifact list reports/ --delimiter /
            """)

    @Argument(help: "The beginning of the keys.")
    var prefix = ""

    @Option(help: "Rolls up the keys that hold it after the prefix.")
    var delimiter: String?

    @OptionGroup var page: PageOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        try await page.stream(to: console) { cursor, limit in
            let listing = try await stores.artifact.list(
                prefix: prefix, delimiter: delimiter, cursor: cursor, limit: limit)
            let values =
                listing.objects.map { ($0.key, $0.jsonValue) }
                + listing.commonPrefixes.map { ($0, ["commonPrefix": .string($0)]) }
            let sorted = values.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            return (sorted.map(\.1), listing.next)
        }
    }
}
