import Dispatch
import StoresCore

/// The members of groups that this process is, so that they leave when the stores are shut down.
final class KafkaMembers: Sendable {
    private struct State {
        var members: [Weak] = []
        var isClosed = false
    }

    private struct Weak {
        weak var member: KafkaMember?
    }

    private let configuration: KafkaConfiguration
    private let events: KafkaEvents
    private let signals: KafkaSignals
    private let state = Guarded(State())
    /// How long a shutdown waits for brokers that are to be told.
    private static let patience = DispatchTimeInterval.seconds(2)

    init(_ configuration: KafkaConfiguration, _ events: KafkaEvents, _ signals: KafkaSignals) {
        self.configuration = configuration
        self.events = events
        self.signals = signals
    }

    func join(_ group: String) throws(StoreError) -> KafkaMember {
        let member = try KafkaMember(configuration, group: group, events, signals)
        let isClosed = state.withLock { state in
            state.members.removeAll { $0.member == nil }
            if !state.isClosed { state.members.append(Weak(member: member)) }
            return state.isClosed
        }
        if isClosed { throw .kafkaShutDown() }
        return member
    }

    /// On a thread that may block.
    func shutDown() {
        let members = state.withLock { state in
            state.isClosed = true
            defer { state.members = [] }
            return state.members.compactMap(\.member)
        }
        let leaving = DispatchGroup()
        for member in members {
            DispatchQueue(label: "stores-kafka-leaving").async(group: leaving) { member.leave() }
        }
        _ = leaving.wait(timeout: .now() + Self.patience)
    }
}
