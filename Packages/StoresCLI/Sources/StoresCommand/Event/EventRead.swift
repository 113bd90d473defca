import ArgumentParser
import StoresCore

struct EventRead: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "The events of one stream.",
        discussion: """
            Out: an event a line. A stream that does not exist is notFound.

            stores event read order-7 --backward --limit 1
            """)

    @Argument(help: "The stream.")
    var stream: String

    @Option(help: "The first revision to read.")
    var from: Int64?

    @Flag(help: "From the last, or --from, down.")
    var backward = false

    @Option(help: "At most this many; without it, all.")
    var limit: Int?

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        var from = from
        var remaining = limit
        while true {
            let wanted = remaining.map { min($0, 500) } ?? 500
            let slice = try await stores.event.read(
                stream, from: from, direction: backward ? .backward : .forward, limit: wanted)
            guard slice.exists else {
                throw StoreError(
                    .notFound, "there is no such stream", tier: .event, adapter: stores.event.adapter,
                    operation: "read", resource: stream)
            }
            for event in slice.events { try await console.emit(event.jsonValue) }
            if let left = remaining { remaining = left - slice.events.count }
            guard let last = slice.events.last, slice.events.count == wanted, remaining != 0 else { return }
            if backward, last.revision == 0 { return }
            from = backward ? last.revision - 1 : last.revision + 1
        }
    }
}
