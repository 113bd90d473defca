import ArgumentParser
import StoresCore

struct SearchDelete: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes documents by id, by filter, or all of the index.",
        discussion: """
            Out: {"deleted":n}, how many were there.

            stores search delete --index pages --where "kind = 'old'"
            stores search delete --index pages --all --confirm pages
            """)

    @OptionGroup var place: IndexOptions
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let index = try await place.existing(stores)
        let deleted = try await selection.delete(
            console, ids: { try await index.delete(ids: $0) }, filter: { try await index.delete(where: $0) },
            all: { try await index.deleteAll(confirming: $0) })
        try await console.emit(["deleted": .int(Int64(deleted))])
    }
}
