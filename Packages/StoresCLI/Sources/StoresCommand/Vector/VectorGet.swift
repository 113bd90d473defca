import ArgumentParser
import StoresCore

struct VectorGet: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "The records of these ids that exist, in the order asked for.",
        discussion: """
            Out: {"id","metadata","document","vector"}

            stores vector get --collection docs --ids a b --include all
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var ids: IDsOptions
    @OptionGroup var call: CallOptions

    @Option(help: "What comes with the ids: metadata,document,vector, all or none.")
    var include = IncludeArgument(.metadata)

    func validate() throws {
        if ids.isEmpty { throw ValidationError("--ids is missing") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let collection = try await place.existing(stores)
        try await ids.forEachBatch(console.input) { ids in
            for record in try await collection.get(ids: ids, include: include.include) {
                try await console.emit(record.jsonValue(include.include))
            }
            try await console.output.flush()
        }
    }
}
