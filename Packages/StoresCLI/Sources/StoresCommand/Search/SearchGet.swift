import ArgumentParser
import StoresCore

struct SearchGet: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "The documents of these ids that exist, in the order asked for.",
        discussion: """
            Out: {"id","fields":{…}}

            stores search get --index pages --ids a b
            """)

    @OptionGroup var place: IndexOptions
    @OptionGroup var ids: IDsOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        if ids.isEmpty { throw ValidationError("--ids is missing") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let index = try await place.existing(stores)
        try await ids.forEachBatch(console.input) { ids in
            for document in try await index.get(ids: ids) { try await console.emit(document.jsonValue) }
            try await console.output.flush()
        }
    }
}
