import Dispatch
import StoresCore

/// The members of groups that this process is, and the threads on which they wait for brokers.
final class KafkaMembers: Sendable {
    /// A member for as long as somebody reads: it leaves when this is gone, whoever keeps a checkpoint of it.
    final class Seat: Sendable {
        let member: KafkaMember

        init(_ member: KafkaMember) {
            self.member = member
        }

        deinit {
            let member = member
            DispatchQueue(label: "stores-kafka-leaving").async { member.leave() }
        }
    }

    private struct State {
        var members: [Weak] = []
        var isClosed = false
    }

    private struct Weak {
        weak var member: KafkaMember?
    }

    let threads = BlockingPool(label: "stores-kafka-groups", threads: 4)
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

    /// On a thread that may block.
    func join(_ group: String) throws(StoreError) -> Seat {
        if state.withLock({ $0.isClosed }) { throw .kafkaShutDown() }
        let member = try KafkaMember(configuration, group: group, events, signals)
        let seat = Seat(member)
        let isClosed = state.withLock { state in
            state.members.removeAll { $0.member == nil }
            if !state.isClosed { state.members.append(Weak(member: member)) }
            return state.isClosed
        }
        if isClosed { throw .kafkaShutDown() }
        return seat
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
