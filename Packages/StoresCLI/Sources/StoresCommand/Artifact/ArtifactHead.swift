import ArgumentParser
import StoresCore

struct ArtifactHead: TierVerb {
    static let tier = Tier.artifact
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "What is known of an object.",
        discussion: """
            Out: the object. One that is not there is notFound.

            stores artifact head reports/2026.pdf
            """)

    @Argument(help: "The key.")
    var key: String

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        guard let info = try await stores.artifact.head(key) else {
            throw StoreError(
                .notFound, "there is no such object", tier: .artifact, adapter: stores.artifact.adapter,
                operation: "head", resource: key)
        }
        try await console.emit(info.jsonValue)
    }
}
