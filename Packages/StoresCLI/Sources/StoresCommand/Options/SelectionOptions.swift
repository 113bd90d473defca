import ArgumentParser
import StoresCore

/// What a delete removes: exactly one of ids, a filter, or everything.
struct SelectionOptions: ParsableArguments {
    @OptionGroup var ids: IDsOptions

    @Option(name: .customLong("where"), help: FilterArgument.help)
    var filter: FilterArgument?

    @Flag(help: "Everything; wants --confirm.")
    var all = false

    @Option(help: "The name once more.")
    var confirm: String?

    func validate() throws {
        guard [!ids.isEmpty, filter != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("give one of --ids, --where and --all")
        }
        guard all == (confirm != nil) else { throw ValidationError("--all and --confirm NAME go together") }
    }

    func delete(
        _ console: Console, ids byID: ([String]) async throws -> Int, filter byFilter: (Filter) async throws -> Int,
        all everything: (String) async throws -> Int
    ) async throws -> Int {
        if let filter { return try await byFilter(filter.filter()) }
        if let confirm { return try await everything(confirm) }
        var count = 0
        try await ids.forEachBatch(console.input) { count += try await byID($0) }
        return count
    }
}
