import ArgumentParser
import StoresCore

struct ArtifactDelete: TierVerb {
    static let tier = Tier.artifact
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes objects.",
        discussion: """
            Out: for one key {"deleted":true}, or false when it was not there; for many {"succeeded","failed"}, with a \
            line {"id","error"} for each that failed.

            stores artifact delete reports/2026.pdf
            """)

    @Argument(help: "Keys; \"-\" reads them from stdin, a JSON string a line.")
    var keys: [String]

    @OptionGroup var bulk: BulkOptions
    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        if keys.count == 1, keys != ["-"] {
            return try await console.emit(["deleted": .bool(try await stores.artifact.delete(keys[0]))])
        }
        var output = BulkOutput(console, bulk)
        try await IDBatches.forEach(keys, console.input) { keys in
            try await output.add(try await stores.artifact.delete(keys))
        }
        try await output.finish()
    }
}
