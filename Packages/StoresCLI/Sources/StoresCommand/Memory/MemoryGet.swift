import ArgumentParser
import StoresCore

struct MemoryGet: TierVerb {
    static let tier = Tier.memory
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "The facts of one scope with these ids that exist.",
        discussion: """
            Out: a fact a line. One id that is not there is notFound.

            stores memory get home --scope user/ada
            """)

    @Argument(help: "Ids; \"-\" reads them from stdin, a JSON string a line.")
    var ids: [String]

    @Option(help: ScopeArgument.help)
    var scope: ScopeArgument

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        var found = 0
        try await IDBatches.forEach(ids, console.input) { ids in
            for fact in try await stores.memory.get(ids, scope: scope.scope) {
                found += 1
                try await console.emit(fact.jsonValue)
            }
            try await console.output.flush()
        }
        if found == 0, ids.count == 1, ids != ["-"] {
            throw StoreError(
                .notFound, "there is no such fact", tier: .memory, adapter: stores.memory.adapter, operation: "get",
                resource: ids[0])
        }
    }
}
