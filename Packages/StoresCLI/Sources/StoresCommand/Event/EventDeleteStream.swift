import ArgumentParser
import StoresCore

struct EventDeleteStream: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "delete-stream", abstract: "Removes a stream: its events and snapshots.",
        discussion: """
            Out: {"deleted":true}, or false when it was not there.

            stores event delete-stream order-7 --confirm order-7
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Option(help: "The stream's name once more.")
    var confirm: String

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let deleted = try await stores.event.deleteStream(stream, confirming: confirm)
        try await console.emit(["deleted": .bool(deleted)])
    }
}
