import ArgumentParser
import StoresCore

struct EventHead: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "The position of the last event.",
        discussion: #"Out: {"position":"…"}, null when there is none."#)

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let head = try await stores.event.head()
        try await console.emit(["position": head.map { .string($0.rawValue) } ?? .null])
    }
}
