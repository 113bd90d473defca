import ArgumentParser
import StoresCore

struct MemoryForget: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "forget", abstract: "Removes the facts of a scope and of all under it, with their history.",
        discussion: """
            Out: {"forgotten":n}

            stores memory forget --scope user/ada --confirm user/ada
            """)

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @Option(help: "The scope once more.")
    var confirm: ScopeArgument

    @OptionGroup var call: CallOptions

    func validate() throws {
        guard scope.scope == confirm.scope else { throw ValidationError("--confirm is not the scope") }
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(["forgotten": .int(Int64(try await stores.memory.forget(scope: scope.scope)))])
    }
}
