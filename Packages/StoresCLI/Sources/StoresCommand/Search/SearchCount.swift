import ArgumentParser
import StoresCore

struct SearchCount: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "How many documents there are, or match a filter.",
        discussion: """
            Out: {"count":n}

            stores search count --index pages --where "kind = 'guide'"
            """)

    @OptionGroup var place: IndexOptions
    @OptionGroup var call: CallOptions

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    func run(_ stores: Stores, _ console: Console) async throws {
        let count = try await place.existing(stores).count(where: filter.filter())
        try await console.emit(["count": .int(Int64(count))])
    }
}
