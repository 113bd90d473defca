import CRdKafka
import StoresCore
import Synchronization

/// Positions that the brokers keep under the name of a group, as the committed offsets that every tool of Kafka shows.
/// The group has no members: who reads what is the readers' to agree on. See ``KafkaMember`` for one that has.
final class KafkaCheckpoints: Sendable {
    private let configuration: KafkaConfiguration
    private let events: KafkaEvents
    private let signals: KafkaSignals
    private let clients = Mutex<[KafkaKey: KafkaClient]>([:])

    init(_ configuration: KafkaConfiguration, _ events: KafkaEvents, _ signals: KafkaSignals) {
        self.configuration = configuration
        self.events = events
        self.signals = signals
    }

    /// On a thread that may block.
    func store(_ positions: KafkaPositions, group: String, _ deadline: Deadline) throws(StoreError) {
        let client = try client(group)
        try KafkaOffsets(client.topicName, positions.places).store(client, group: group, deadline)
    }

    /// Nil where the group has stored none. On a thread that may block.
    func load(group: String, partitions: Int, _ deadline: Deadline) throws(StoreError) -> KafkaPositions? {
        let client = try client(group)
        let starts = KafkaPositions.start(of: partitions).places
        let stored = try KafkaOffsets(client.topicName, starts).load(client, group: group, deadline)
        // Partitions of which nothing is stored begin at their start.
        return stored.contains { $0 != nil } ? KafkaPositions(places: zip(stored, starts).map { $0 ?? $1 }) : nil
    }

    func shutDown() { clients.withLock { $0 = [:] } }

    private func client(_ group: String) throws(StoreError) -> KafkaClient {
        if let known = clients.withLock({ $0[KafkaKey(group)] }) { return known }
        let made = try KafkaClient.consumer(configuration, wait: .milliseconds(100), group: group)
        // Another call may have made one meanwhile.
        let (client, isNew) = clients.withLock { clients in
            let known = clients[KafkaKey(group)]
            clients[KafkaKey(group)] = known ?? made
            return (known ?? made, known == nil)
        }
        let signals = signals
        if isNew { events.add(client) { signals.take($0) } }
        return client
    }
}
