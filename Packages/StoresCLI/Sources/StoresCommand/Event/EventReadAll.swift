import ArgumentParser
import StoresCore

struct EventReadAll: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "read-all", abstract: "The events of all streams, in the one order.",
        discussion: """
            Out: an event a line; read on after the "position" of the last one.

            stores event read-all --after 0000000000000007 --limit 100
            """)

    @Option(help: "A position; without it, from the start.")
    var after: String?

    @Option(help: "At most this many; without it, all.")
    var limit: Int?

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        var position = after.map(Position.init(rawValue:))
        var remaining = limit
        while true {
            let slice = try await stores.event.readAll(
                after: position, limit: remaining.map { min($0, 500) } ?? 500)
            for event in slice.events { try await console.emit(event.jsonValue) }
            if let left = remaining { remaining = left - slice.events.count }
            position = slice.next ?? position
            if slice.isAtEnd || remaining == 0 { return }
        }
    }
}
