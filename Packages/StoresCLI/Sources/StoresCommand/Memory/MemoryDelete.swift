import ArgumentParser
import StoresCore

struct MemoryDelete: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes one fact; its history ends with a delete line.",
        discussion: """
            Out: {"deleted":true}, or false when it was not there.

            stores memory delete home --scope user/ada
            """)

    @Argument(help: "The fact's id.")
    var id: String

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @Option(help: "Demands this version.")
    var ifVersion: Int64?

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let deleted = try await stores.memory.delete(id, scope: scope.scope, ifVersion: ifVersion)
        try await console.emit(["deleted": .bool(deleted)])
    }
}
