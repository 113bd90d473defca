import ArgumentParser
import StoresCore

struct VectorCount: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "count", abstract: "How many records there are, or match a filter.",
        discussion: """
            Out: {"count":n}

            stores vector count --collection docs --where "section = 'libs'"
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var call: CallOptions

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    func run(_ stores: Stores, _ console: Console) async throws {
        let count = try await place.existing(stores).count(where: filter.filter())
        try await console.emit(["count": .int(Int64(count))])
    }
}
