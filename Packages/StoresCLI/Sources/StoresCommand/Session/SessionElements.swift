import ArgumentParser
import StoresCore

struct SessionElements: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "elements", abstract: "The last elements of a list, oldest first.",
        discussion: """
            Out: {"text"|"elementBase64"} a line. A key that is not there is notFound.

            stores session elements chat/42 --last 10
            """)

    @Argument(help: "The key.")
    var key: String

    @Option(help: "How many; without it, all.")
    var last: Int?

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        guard let elements = try await stores.session.elements(key, last: last ?? .max) else {
            throw StoreError(
                .notFound, "there is no such list", tier: .session, adapter: stores.session.adapter,
                operation: "elements", resource: key)
        }
        for element in elements {
            var fields: [String: Value] = [:]
            fields.setBytes(element, "element")
            try await console.emit(.object(fields))
        }
    }
}
