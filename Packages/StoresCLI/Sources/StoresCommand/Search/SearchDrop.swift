import ArgumentParser
import StoresCore

struct SearchDrop: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Removes an index with its documents.",
        discussion: """
            Out: {"dropped":true}, or false when it was not there.

            stores search drop --index pages --confirm pages
            """)

    @Option(help: "The index's name.")
    var index: String

    @Option(help: "The index's name once more.")
    var confirm: String

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(["dropped": .bool(try await stores.search.dropIndex(index, confirming: confirm))])
    }
}
