import ArgumentParser
import StoresCore

struct SearchUpsert: TierVerb {
    static let tier = Tier.search
    static let configuration = CommandConfiguration(
        commandName: "upsert", abstract: "Writes the documents on stdin, one JSON object a line.",
        discussion: """
            In: {"id","fields":{…}}. With --field the index is created when it is missing.
            Out: {"id","error"} for each that failed, at the end {"succeeded","failed","searchable"}.

            stores search upsert --index pages < documents.jsonl
            """)

    @OptionGroup var place: IndexOptions
    @OptionGroup var shape: IndexShapeOptions
    @OptionGroup var bulk: BulkOptions
    @OptionGroup var call: CallOptions

    @Flag(help: "Return when the documents are durable, without waiting until searches see them.")
    var accepted = false

    func run(_ stores: Stores, _ console: Console) async throws {
        let index = try await shape.index(place, stores)
        var output = BulkOutput(console, bulk)
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch() {
            let receipt = try await index.upsert(
                try batch.map { try SearchDocument($0) },
                visibility: accepted ? .accepted : .searchable(within: .seconds(10)))
            try await output.add(receipt.result, isSearchable: receipt.isSearchable)
        }
        try await output.finish()
    }
}
