import ArgumentParser
import StoresCore

struct VectorUpsert: TierVerb {
    static let tier = Tier.vector
    static let configuration = CommandConfiguration(
        commandName: "upsert", abstract: "Writes the records on stdin, one JSON object a line.",
        discussion: """
            In: {"id","vector":[…],"metadata":{…}?,"document"?}
            Out: {"id","error"} for each that failed, at the end {"succeeded","failed","searchable"}.

            stores vector upsert --collection docs --dimensions 384 < records.jsonl
            """)

    @OptionGroup var place: CollectionOptions
    @OptionGroup var shape: CollectionShapeOptions
    @OptionGroup var bulk: BulkOptions
    @OptionGroup var call: CallOptions

    @Flag(help: "A record without a vector gets that of its document, by feature hashing: words, not meaning.")
    var embed = false

    @Flag(help: "Return when the records are durable, without waiting until queries see them.")
    var accepted = false

    func run(_ stores: Stores, _ console: Console) async throws {
        let collection = try await shape.collection(place, stores)
        let embedder = embed ? FeatureHashingEmbedder(dimensions: collection.spec.dimensions) : nil
        var output = BulkOutput(console, bulk)
        var lines = JSONLines(console.input)
        while let batch = try await lines.batch() {
            let records = try batch.map { try VectorRecord($0, embedder: embedder) }
            let receipt = try await collection.upsert(
                records, visibility: accepted ? .accepted : .searchable(within: .seconds(10)))
            try await output.add(receipt.result, isSearchable: receipt.isSearchable)
        }
        try await output.finish()
    }
}
