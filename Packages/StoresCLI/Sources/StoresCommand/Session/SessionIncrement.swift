import ArgumentParser
import StoresCore

struct SessionIncrement: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "increment", abstract: "Adds to a counter, which starts at 0.",
        discussion: """
            Out: {"key","count":n}

            stores session increment visits --by 1 --never
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(parsing: .unconditional, help: "May be negative.")
    var by: Int64 = 1

    @OptionGroup var expiry: ExpiryOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        try expiry.required()
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        let count = try await stores.session.increment(key, by: by, expiry: expiry.required())
        try await console.emit(["key": .string(key), "count": .int(count)])
    }
}
