import ArgumentParser
import StoresCore

struct MemoryHistory: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Every write of one fact, oldest first.",
        discussion: """
            Out: {"change":"put"|"delete","at","fact":{…}}

            stores memory history home --scope user/ada
            """)

    @Argument(help: "The fact's id.")
    var id: String

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        for revision in try await stores.memory.history(id, scope: scope.scope) {
            try await console.emit([
                "change": .string(revision.change.rawValue), "at": .instant(revision.at),
                "fact": revision.fact.jsonValue,
            ])
        }
    }
}
