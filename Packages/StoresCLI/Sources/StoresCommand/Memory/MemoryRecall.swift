import ArgumentParser
import StoresCore

struct MemoryRecall: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "recall", abstract: "The facts that fit best, by words or by vector.",
        discussion: """
            Out: facts, best first; by vector with "similarity" and "score".

            stores memory recall --scope user/ada --text "where does Ada live"
            """)

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @Option(help: "Words.")
    var text: String?

    @Option(help: "A JSON array of numbers.")
    var vector: String?

    @Option(help: "Words to be made a vector by feature hashing, as put --embed does.")
    var embed: String?

    @Option(help: "exact: this scope; subtree: all under it too.")
    var depth = Choice(ScopeDepth.subtree)

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @Option(help: "Facts, at least 1.")
    var limit = 10

    @Option(help: "Inclusive, of (1 + cos) / 2; by vector only.")
    var minScore: Double?

    @OptionGroup var call: CallOptions

    func validate() throws {
        guard [text, vector, embed].count(where: { $0 != nil }) == 1 else {
            throw ValidationError("give one of --text, --vector and --embed")
        }
        if text != nil, minScore != nil { throw ValidationError("recall by words has ranks and no scores") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let filter = try filter.filter()
        let matches: FactMatches
        if let text {
            matches = try await stores.memory.recall(
                text: text, scope: scope.scope, depth: depth.value, where: filter, limit: limit)
        } else {
            matches = try await stores.memory.recall(
                vector: cue(), scope: scope.scope, depth: depth.value, where: filter, limit: limit, minScore: minScore)
        }
        for value in matches.jsonValues() { try await console.emit(value) }
    }

    private func cue() throws(StoreError) -> [Float] {
        if let embed { return FeatureHashingEmbedder().vector(embed) }
        guard let vector, case .array(let values) = try JSONReader.value(from: vector), let floats = values.floats
        else { throw .invalidArgument("--vector is a JSON array of numbers") }
        return floats
    }
}
