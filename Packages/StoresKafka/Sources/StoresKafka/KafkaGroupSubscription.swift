public import StoresCore

/// What a ``KafkaGroupSubscription`` delivers.
public enum KafkaGroupElement: Sendable {
    /// These partitions are this member's from now on, and no others: none, while they are shared out anew.
    case assigned(Set<Int>)
    case event(RecordedEvent)
    /// All that was there in this member's partitions has been delivered; what follows is live. Once for each
    /// assignment.
    case caughtUp
    /// Everything before it has been delivered.
    case checkpoint(KafkaGroupCheckpoint)
}

/// The events of those partitions of a topic that the brokers give to this member of a group; see
/// ``KafkaTopic/subscribe(group:batch:)``.
///
/// While brokers are away it waits and goes on where it was; errors that waiting can't mend are thrown. Cancelling the
/// task ends it; the group is left when the iterator is gone.
public struct KafkaGroupSubscription: AsyncSequence, Sendable {
    public typealias Element = KafkaGroupElement
    public typealias Failure = StoreError

    let driver: KafkaEventDriver
    let group: String
    let batch: Int

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: KafkaGroupSubscription
        /// Gone, the group is left.
        private var seat: KafkaMembers.Seat?
        private var reading = KafkaGroupReading()
        /// Were assigned, and where to begin is not known yet.
        private var beginning: [Int32]?
        /// The brokers wait for the partitions: until the caller, who may have to store a checkpoint, comes back.
        private var givesBack = false

        init(subscription: KafkaGroupSubscription) {
            self.subscription = subscription
        }

        public mutating func next(isolation: isolated (any Actor)?) async throws(StoreError) -> KafkaGroupElement? {
            try await next()
        }

        public mutating func next() async throws(StoreError) -> KafkaGroupElement? {
            var patience = KafkaPatience(subscription.driver)
            while true {
                try patience.checkCancellation()
                do throws(StoreError) {
                    if let element = try await step() { return element }
                    patience.succeeded()
                } catch {
                    try await patience.wait(after: error.kafkaOfGroup)
                }
            }
        }

        private mutating func step() async throws(StoreError) -> KafkaGroupElement? {
            let running = try subscription.driver.connection.running()
            let threads = running.members.threads
            // Starting librdkafka's threads, and its answers to them, may take a while.
            let deadline = Deadline.after(.seconds(10))
            guard let seat else {
                let group = subscription.group
                self.seat = try await threads.run(until: deadline, applied: nil) { () throws(StoreError) in
                    try running.members.join(group)
                }
                return nil
            }
            let member = seat.member
            if givesBack {
                try await threads.run(until: deadline, applied: nil) { () throws(StoreError) in member.answer() }
                givesBack = false
                return .assigned([])
            }
            if let change = try member.poll() {
                let delivered = reading.stop()
                beginning = nil
                switch change {
                case .assigned(let partitions): beginning = partitions
                case .lost: givesBack = true
                case .wanted:
                    givesBack = true
                    return delivered.map { .checkpoint(checkpoint($0, member)) }
                }
            }
            if givesBack { return nil }
            if let partitions = beginning {
                try check(partitions, running)
                let stored = try await threads.run(until: deadline, applied: nil) { () throws(StoreError) in
                    member.answer()
                    return try member.stored(partitions, deadline)
                }
                reading.begin(partitions, stored)
                beginning = nil
                return .assigned(Set(partitions.map { Int($0) }))
            }
            if let next = reading.next() {
                switch next {
                case .event(let event): return .event(event)
                case .checkpoint(let places): return .checkpoint(checkpoint(places, member))
                case .caughtUp: return .caughtUp
                }
            }
            if let (place, isFromStart) = reading.turn() {
                let scan = KafkaScan(driver: subscription.driver, running: running, isFromStart: isFromStart)
                let context = CallContext(deadline: .after(.seconds(30)))
                reading.found(try await scan.read(place, limit: subscription.batch, context))
            } else {
                try await subscription.driver.watchAny(
                    running, reading.places, until: .after(.seconds(5)), orWhen: member.whenFull)
                reading.lookAgain()
            }
            return nil
        }

        private func check(_ partitions: [Int32], _ running: KafkaConnection.Running) throws(StoreError) {
            guard let unknown = partitions.first(where: { Int($0) >= running.partitions }) else { return }
            throw StoreError(
                .schemaMismatch,
                "the group was given partition \(unknown); the topic had \(running.partitions) when the stores were opened",
                remedy: "open the stores anew; never add partitions to a topic of theirs: streams would be looked for "
                    + "elsewhere", resource: subscription.driver.configuration.topic, applied: .no)
        }

        private func checkpoint(_ places: [KafkaPlace], _ member: KafkaMember) -> KafkaGroupCheckpoint {
            KafkaGroupCheckpoint(
                connection: subscription.driver.connection, member: member, assignment: member.assignment,
                places: places)
        }
    }
}
