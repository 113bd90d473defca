public import StoresCore

/// How far a member of a group has read its partitions; see ``KafkaTopic/subscribe(group:batch:)``.
///
/// Store it once what the events led to is kept: what came after the checkpoint that was stored last comes again, here
/// or at another member.
public struct KafkaGroupCheckpoint: Sendable {
    let connection: KafkaConnection
    let member: KafkaMember
    let assignment: Int
    let places: [KafkaPlace]

    /// The partitions that it is about.
    public var partitions: [Int] { places.map { Int($0.partition) } }

    /// Keeps it with the brokers: the committed offsets that `kafka-consumer-groups.sh` shows.
    ///
    /// - Throws: `preconditionFailed` where the partitions are another member's by now, or are being shared out anew:
    ///   it is not stored then. What the brokers answer; `timeout`.
    public func store(deadline: Deadline = .after(.seconds(10))) async throws(StoreError) {
        let (member, assignment, places) = (member, assignment, places)
        let threads = try connection.running().members.threads
        try await threads.run(until: deadline, applied: .unknown) { () throws(StoreError) in
            try member.store(places, of: assignment, deadline)
        }
    }
}
