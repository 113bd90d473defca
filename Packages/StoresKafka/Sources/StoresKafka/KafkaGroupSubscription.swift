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
        private var member: KafkaMember?
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
            var failures = 0
            while true {
                if Task.isCancelled { throw named(.cancelled()) }
                do throws(StoreError) {
                    if let element = try await step() { return element }
                    failures = 0
                } catch {
                    guard error.isRetryable else { throw named(error) }
                    failures += 1
                    let pause = Swift.min(.seconds(5), .milliseconds(50) * (1 << Swift.min(failures, 10)))
                    do { try await Task.sleep(for: pause) } catch { throw named(.cancelled()) }
                }
            }
        }

        private func named(_ error: StoreError) -> StoreError {
            error.filling(
                tier: .event, adapter: "kafka", operation: "subscribe",
                endpoint: subscription.driver.configuration.endpoint)
        }

        private mutating func step() async throws(StoreError) -> KafkaGroupElement? {
            let running = try subscription.driver.connection.running()
            let member: KafkaMember
            if let known = self.member { member = known } else { member = try running.members.join(subscription.group) }
            self.member = member
            if givesBack {
                givesBack = false
                member.giveBack()
                return .assigned([])
            }
            if let change = try member.poll() {
                let delivered = reading.stop()
                beginning = nil
                switch change {
                case .lost: return .assigned([])
                case .assigned(let partitions): beginning = partitions
                case .wanted:
                    givesBack = true
                    return delivered.map { .checkpoint(checkpoint($0, member)) }
                }
            }
            if let partitions = beginning {
                let deadline = Deadline.after(.seconds(10))
                let stored = try await subscription.driver.connection.threads.run(until: deadline, applied: nil) {
                    () throws(StoreError) in try member.stored(partitions, deadline)
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

        private func checkpoint(_ places: [KafkaPlace], _ member: KafkaMember) -> KafkaGroupCheckpoint {
            KafkaGroupCheckpoint(
                connection: subscription.driver.connection, member: member, assignment: member.assignment,
                places: places)
        }
    }
}
