import ArgumentParser
import StoresCore

struct SessionDeletePrefix: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "delete-prefix", abstract: "Removes a key and all that continue it after a /.",
        discussion: """
            Out: {"deleted":n}, how many were there. user/4 does not reach user/42.

            stores session delete-prefix user/42
            """)

    @Argument(help: "Whole segments.")
    var prefix: String

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        try await console.emit(["deleted": .int(Int64(try await stores.session.delete(prefix: prefix)))])
    }
}
