/// The events of a subscription, pulled by its reader. See ``EventStore/subscribe(from:streamPrefix:batch:)``.
///
/// While the backend is away it waits and goes on where it was; errors that waiting can't mend are thrown. Cancelling
/// the task ends it.
public struct EventSubscription: AsyncSequence, Sendable {
    public typealias Element = SubscriptionElement
    public typealias Failure = StoreError

    let runtime: TierRuntime
    let driver: any OrderedEventDriver
    let start: SubscriptionStart
    let streamPrefix: String?
    let batch: Int

    public func makeAsyncIterator() -> Iterator { Iterator(subscription: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let subscription: EventSubscription
        /// What was read, and how many of them were delivered.
        private var events: [RecordedEvent] = []
        private var delivered = 0
        /// What comes after the events; the last is the next.
        private var marks: [SubscriptionElement] = []
        private var position: Position?
        private var isStarted = false
        private var saidCaughtUp = false
        private var atEnd = false

        init(subscription: EventSubscription) {
            self.subscription = subscription
        }

        public mutating func next(isolation: isolated (any Actor)?) async throws(StoreError) -> SubscriptionElement? {
            if let element = takeReady() { return element }
            return try await next()
        }

        public mutating func next() async throws(StoreError) -> SubscriptionElement? {
            if !isStarted { try await settleStart() }
            while true {
                if let element = takeReady() { return element }
                if Task.isCancelled { throw subscription.runtime.complete(.cancelled(), "subscribe") }
                if atEnd { try await waitForMore() }
                try await fetch()
            }
        }

        private mutating func takeReady() -> SubscriptionElement? {
            guard delivered < events.count else { return marks.popLast() }
            delivered += 1
            return .event(events[delivered - 1])
        }

        private mutating func settleStart() async throws(StoreError) {
            switch subscription.start {
            case .start: position = nil
            case .after(let after): position = after
            case .now:
                position = try await subscription.patiently { context throws(StoreError) in
                    try await subscription.driver.head(context: context)
                }
            }
            isStarted = true
        }

        private mutating func fetch() async throws(StoreError) {
            let (after, batch) = (position, subscription.batch)
            let slice = try await subscription.patiently { context throws(StoreError) in
                try await subscription.driver.readAll(after: after, limit: batch, context: context)
            }
            events = subscription.streamPrefix == nil ? slice.events : slice.events.filter(subscription.delivers)
            delivered = 0
            position = slice.next ?? position
            atEnd = slice.isAtEnd
            if atEnd, !saidCaughtUp {
                marks.append(.caughtUp)
                saidCaughtUp = true
            }
            // Of those that are passed over at the end there is only this to see.
            if let last = slice.events.last, events.last?.position != last.position {
                marks.append(.checkpoint(last.position))
            }
        }

        /// Waits in slices, so that a lost notification costs seconds at most. Waiting is no call: it takes no place
        /// among the concurrent ones, has no span, and does not hold up a shutdown.
        private func waitForMore() async throws(StoreError) {
            do throws(StoreError) {
                try await subscription.driver.waitForEvents(after: position, timeout: .seconds(5))
                await subscription.recordLag()
            } catch {
                guard error.isRetryable else { throw subscription.runtime.complete(error, "subscribe") }
                // The next read tells whether the backend is back, and waits for it.
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    /// A measurement, which nobody's work depends on: only where somebody looks, and not more often than is waited.
    private func recordLag() async {
        guard runtime.telemetry.hasMetrics, let driver = driver as? any LaggingEventDriver else { return }
        let context = CallContext(
            deadline: .after(.seconds(5)), clock: runtime.options.clock, ids: runtime.options.ids)
        guard let lag = try? await driver.lag(context: context) else { return }
        runtime.telemetry.recordEventLag(lag)
    }

    private func delivers(_ event: RecordedEvent) -> Bool {
        streamPrefix.map { event.stream.utf8.starts(with: $0.utf8) } ?? true
    }

    /// Repeats what fails for a passing reason, with back-off, until it succeeds or the task is cancelled.
    private func patiently<T>(_ body: (CallContext) async throws(StoreError) -> T) async throws(StoreError) -> T {
        var attempt = 1
        while true {
            do throws(StoreError) {
                return try await runtime.call("subscribe", deadline: nil, isIdempotent: true, body)
            } catch {
                let isClosed = !error.isRetryable && error.code == .unavailable && error.retryAfter == nil
                // No place among the concurrent calls: waiting mends that too.
                let isFull = error.isLocal && error.code == .timeout
                guard error.isRetryable || error.retryAfter != nil || isFull, !isClosed else { throw error }
                let delay = Swift.min(.seconds(5), .milliseconds(50) * (1 << Swift.min(attempt, 10)))
                do {
                    try await Task.sleep(for: Swift.max(delay, error.retryAfter ?? .zero))
                } catch {
                    throw runtime.complete(.cancelled(), "subscribe")
                }
                attempt += 1
            }
        }
    }
}
