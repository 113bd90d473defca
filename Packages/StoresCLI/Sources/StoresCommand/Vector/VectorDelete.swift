import ArgumentParser
import StoresCore

struct VectorDelete: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes records by id, by filter, or all of the namespace.",
        discussion: """
            Out: {"deleted":n}, how many were there.

            stores vector delete --collection docs --where "section = 'old'"
            stores vector delete --collection docs --all --confirm docs
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let collection = try await place.existing(stores)
        let deleted = try await selection.delete(
            console, ids: { try await collection.delete(ids: $0) },
            filter: { try await collection.delete(where: $0) },
            all: { try await collection.deleteAll(confirming: $0) })
        try await console.emit(["deleted": .int(Int64(deleted))])
    }
}
