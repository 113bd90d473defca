import Foundation
import StoresCore

/// A read model: how many events of each type there are. It resumes where it was, since it keeps its position beside
/// its counts, in one value.
struct Totals {
    private struct State: Codable {
        var counts: [String: Int] = [:]
        var position: String?
    }

    let events: EventStore
    let session: SessionStore
    private let key = "projections/totals"

    /// Reads all that is new and stops when nothing is. A service would go on: the subscription then waits.
    ///
    /// - Returns: The counts, and how many events were new.
    func catchUp() async throws -> (counts: [String: Int], new: Int) {
        var state = State()
        if let entry = try await session.get(key) {
            state = try JSONDecoder().decode(State.self, from: Data(entry.value.bytes))
        }
        let start = state.position.map { SubscriptionStart.after(Position(rawValue: $0)) } ?? .start
        var new = 0
        for try await element in try events.subscribe(from: start, streamPrefix: "account-") {
            switch element {
            case .event(let recorded):
                state.counts[recorded.type, default: 0] += 1
                state.position = recorded.position.rawValue
                new += 1
            case .checkpoint(let position):
                state.position = position.rawValue
            case .caughtUp:
                let bytes = Array(try JSONEncoder().encode(state))
                try await session.set(
                    key, SessionValue(bytes: bytes, contentType: "application/json"), expiry: .never)
                return (state.counts, new)
            }
        }
        return (state.counts, new)
    }
}
