import ArgumentParser
import StoresCore

struct VectorDrop: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Removes a collection with its records in every namespace.",
        discussion: """
            Out: {"dropped":true}, or false when it was not there.

            stores vector drop --collection docs --confirm docs
            """)

    @Option(help: "The collection's name.")
    var collection: String

    @Option(help: "The collection's name once more.")
    var confirm: String

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let dropped = try await stores.vector.dropCollection(collection, confirming: confirm)
        try await console.emit(["dropped": .bool(dropped)])
    }
}
