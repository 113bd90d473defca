import ArgumentParser
import StoresCore

struct EventTail: TierVerb {
    static let tier = Tier.event
    static let configuration = CommandConfiguration(
        commandName: "tail", abstract: "The events of all streams as they come, until interrupted.",
        discussion: """
            Out: an event a line, {"caughtUp":true} once, and {"checkpoint":"position"} for progress without events of \
            --prefix; each line is sent at once. Resume with --from and the last position that was seen: at least once.

            stores event tail --from start --prefix order- --until-caught-up
            """)

    @Option(help: "start, now, or a position to go on after.")
    var from = "now"

    @Option(help: "Only streams whose names start with this.")
    var prefix: String?

    @Flag(help: "End when all that was there has been sent.")
    var untilCaughtUp = false

    @OptionGroup var call: CallOptions

    func run(_ stores: Stores, _ console: Console) async throws {
        let start: SubscriptionStart =
            switch from {
            case "start": .start
            case "now": .now
            default: .after(Position(rawValue: from))
            }
        do {
            for try await element in try stores.event.subscribe(from: start, streamPrefix: prefix) {
                switch element {
                case .event(let event): try await console.emit(event.jsonValue)
                case .checkpoint(let position): try await console.emit(["checkpoint": .string(position.rawValue)])
                case .caughtUp:
                    if untilCaughtUp { return }
                    try await console.emit(["caughtUp": true])
                }
                try await console.output.flush()
            }
        } catch let error as StoreError where error.code == .cancelled {
            // An interrupt is how it ends.
            throw VerbExit(status: .success)
        }
    }
}
