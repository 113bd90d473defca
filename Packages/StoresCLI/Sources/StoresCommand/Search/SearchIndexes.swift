import ArgumentParser
import StoresCore

struct SearchIndexes: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "indexes", abstract: "Every index's shape.",
        discussion: #"Out: {"name","fields":{"title":"text:english",…}}"#)

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        for spec in try await stores.search.indexes() { try await console.emit(spec.jsonValue) }
    }
}
