public import StoresCore

/// What a ``KafkaSubscription`` delivers.
public enum KafkaElement: Sendable, Hashable {
    case event(RecordedEvent)
    /// All that was there in every partition has been delivered; what follows is live.
    case caughtUp
    /// Everything before it has been delivered: resume from this.
    case checkpoint(KafkaPositions)
}

/// The events of a topic with any number of partitions; see ``KafkaTopic/subscribe(from:batch:)``.
///
/// While brokers are away it waits and goes on where it was; errors that waiting can't mend are thrown. A checkpoint
/// comes after each batch. Cancelling the task ends it.
public struct KafkaSubscription: AsyncSequence, Sendable {
    public typealias Element = KafkaElement
    public typealias Failure = StoreError

    let driver: KafkaEventDriver
    let start: KafkaPositions?
    let batch: Int

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: KafkaSubscription
        private var positions: KafkaPositions?
        private var ready: [KafkaElement] = []
        private var nextReady = 0
        /// Partitions that had nothing more when they were read last.
        private var atEnd: Set<Int32> = []
        private var turn = 0
        private var saidCaughtUp = false

        init(subscription: KafkaSubscription) {
            self.subscription = subscription
        }

        public mutating func next(isolation: isolated (any Actor)?) async throws(StoreError) -> KafkaElement? {
            try await next()
        }

        public mutating func next() async throws(StoreError) -> KafkaElement? {
            var patience = KafkaPatience(subscription.driver)
            while true {
                if nextReady < ready.count {
                    nextReady += 1
                    return ready[nextReady - 1]
                }
                try patience.checkCancellation()
                do throws(StoreError) {
                    try await fetch()
                    patience.succeeded()
                } catch {
                    try await patience.wait(after: error)
                }
            }
        }

        private mutating func fetch() async throws(StoreError) {
            let driver = subscription.driver
            let running = try driver.connection.running()
            var known = positions ?? subscription.start ?? .start(of: running.partitions)
            guard known.places.count == running.partitions else {
                throw .invalidArgument(
                    "the positions are of a topic with \(known.places.count) partitions; this one has "
                        + "\(running.partitions)")
            }
            ready.removeAll(keepingCapacity: true)
            nextReady = 0
            if atEnd.count == running.partitions {
                if !saidCaughtUp {
                    saidCaughtUp = true
                    ready = [.caughtUp]
                    return
                }
                try await driver.watchAny(running, known.places, until: .after(.seconds(5)))
                atEnd = []
            }
            // Each partition has its turn.
            turn = (turn + 1) % running.partitions
            let isFromStart = subscription.start == nil && known.places[turn].offset == 0
            let found = try await KafkaScan(driver: driver, running: running, isFromStart: isFromStart).read(
                known.places[turn], limit: subscription.batch, CallContext(deadline: .after(.seconds(30))))
            known.places[turn] = found.next
            positions = known
            if found.isAtEnd { atEnd.insert(Int32(turn)) } else { atEnd.remove(Int32(turn)) }
            for event in found.events { ready.append(.event(event)) }
            if !found.events.isEmpty { ready.append(.checkpoint(known)) }
        }
    }
}
