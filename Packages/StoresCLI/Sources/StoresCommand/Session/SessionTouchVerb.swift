import ArgumentParser
import StoresCore

struct SessionTouchVerb: TierVerb {
    static let tier = Tier.session
    static let configuration = CommandConfiguration(
        commandName: "touch", abstract: "Sets a new expiry on a value, counter or list.",
        discussion: """
            Out: {"key","expiresAt"?}. A key that is not there is notFound.

            stores session touch user/42 --ttl 30m
            """)

    @Argument(help: "The key.")
    var key: String

    @OptionGroup var expiry: ExpiryOptions
    @OptionGroup var call: CallOptions

    func validate() throws {
        try expiry.required()
    }

    func run(_ stores: Stores, _ console: Console) async throws {
        guard let touch = try await stores.session.touch(key, expiry: expiry.required()) else {
            throw StoreError(
                .notFound, "there is no such key", tier: .session, adapter: stores.session.adapter,
                operation: "touch", resource: key)
        }
        try await console.emit(["key": .string(key), "expiresAt": touch.expiresAt.map(Value.instant)])
    }
}
