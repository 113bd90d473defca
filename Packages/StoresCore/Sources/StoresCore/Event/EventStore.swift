/// The event tier: streams of events with conditional append, subscriptions over all of them, and beside them the
/// state of runs and snapshots.
///
/// ```swift
/// try await stores.event.append([event], to: "order-7", expected: .exact(3))
/// for try await element in try stores.event.subscribe(from: .start) { … }
/// ```
public struct EventStore: Sendable {
    let runtime: TierRuntime
    let driver: any EventDriver

    public static let maxStreamBytes = 256

    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    /// Appends all events or none (E2).
    ///
    /// - Parameters:
    ///   - events: At least one; ids distinct. The same ids appended again, in the same order, return the original
    ///     result (E4), so an append may be tried again after any failure.
    ///   - expected: What the stream must be; there is no default (E1).
    /// - Throws: `conflict` with `.revision(expected:actual:)` (E3), or with `.partialDuplicate`; `unsupported` for
    ///   anything but `.any` where the backend can't (E10).
    @discardableResult
    public func append(
        _ events: [NewEvent], to stream: String, expected: ExpectedRevision, deadline: Deadline? = nil
    ) async throws(StoreError) -> AppendResult {
        let operation = "append"
        try checkStream(stream, operation)
        try runtime.check(operation, stream) { () throws(StoreError) in try validate(events) }
        switch expected {
        case .any: break
        case .exact(let revision) where revision < 0:
            throw runtime.refuse("an exact revision is at least 0; got \(revision)", operation, resource: stream)
        case .exact, .noStream, .exists: try runtime.require(.event(.conditionalAppend), operation)
        }
        return try await runtime.call(
            operation, deadline: deadline, isIdempotent: capabilities.contains(.event(.deduplication))
        ) { context throws(StoreError) in
            try await driver.append(events, to: stream, expected: expected, context: context)
        }
    }

    /// A part of one stream. A missing stream is empty with `exists == false` (E5).
    ///
    /// - Parameter from: The first revision to read; nil starts at the first, backward at the last.
    public func read(
        _ stream: String, from: Int64? = nil, direction: ReadDirection = .forward, limit: Int = 1000,
        deadline: Deadline? = nil
    ) async throws(StoreError) -> StreamSlice {
        let operation = "read"
        try checkStream(stream, operation)
        try runtime.checkLimit(limit, operation)
        if let from, from < 0 {
            throw runtime.refuse("a revision is at least 0; got \(from)", operation, resource: stream)
        }
        if direction == .backward { try runtime.require(.event(.backwardRead), operation) }
        return try await runtime.call(operation, deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.read(stream, from: from, direction: direction, limit: limit, context: context)
        }
    }

    /// Events of all streams after a position (nil: from the start), in the one order that never skips (E6).
    public func readAll(after position: Position? = nil, limit: Int = 1000, deadline: Deadline? = nil)
        async throws(StoreError) -> EventSlice
    {
        let driver = try ordered("readAll")
        try runtime.checkLimit(limit, "readAll")
        return try await runtime.call("readAll", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.readAll(after: position, limit: limit, context: context)
        }
    }

    /// The position of the last event; nil when there is none. Subscribe `.after` it to see what comes.
    public func head(deadline: Deadline? = nil) async throws(StoreError) -> Position? {
        let driver = try ordered("head")
        return try await runtime.call("head", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.head(context: context)
        }
    }

    /// How far `readAll` and subscriptions are behind what is committed: the age of the oldest event that is held back,
    /// so that none is skipped, because something that was begun before it is still under way. Zero where nothing is.
    ///
    /// Also the metric `stores.event.lag`, in seconds, which subscriptions record while they wait.
    public func lag(deadline: Deadline? = nil) async throws(StoreError) -> Duration {
        guard let driver = try ordered("lag") as? any LaggingEventDriver else { return .zero }
        let lag = try await runtime.call("lag", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.lag(context: context)
        }
        runtime.telemetry.recordEventLag(lag)
        return lag
    }

    /// Events as they come: at least once, pulled by the reader, going on after the backend was away (E7).
    ///
    /// - Parameters:
    ///   - start: `.now` is settled when the first element is asked for.
    ///   - streamPrefix: Deliver only streams whose names start with it; for the others come checkpoints.
    ///   - batch: Events fetched at once.
    public func subscribe(from start: SubscriptionStart, streamPrefix: String? = nil, batch: Int = 256)
        throws(StoreError) -> EventSubscription
    {
        let driver = try ordered("subscribe")
        try runtime.checkLimit(batch, "subscribe")
        return EventSubscription(
            runtime: runtime, driver: driver, start: start, streamPrefix: streamPrefix, batch: batch)
    }

    /// Removes a stream: its events and snapshots. Other positions do not change.
    ///
    /// - Parameter confirming: The stream's name once more.
    /// - Returns: False when it was not there.
    @discardableResult
    public func deleteStream(_ stream: String, confirming: String, deadline: Deadline? = nil) async throws(StoreError)
        -> Bool
    {
        let operation = "deleteStream"
        try runtime.require(.event(.deleteStream), operation)
        guard let driver = driver as? any DeletingEventDriver else {
            throw runtime.unsupported(.event(.deleteStream), operation)
        }
        try checkStream(stream, operation)
        try runtime.checkConfirmation(confirming, stream, operation)
        return try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.deleteStream(stream, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(_ type: Native.Type, _ body: (Native) async throws -> T) async throws
        -> T
    {
        try await body(try runtime.native(as: type))
    }

    // MARK: Validation

    func checkStream(_ stream: String, _ operation: String) throws(StoreError) {
        try runtime.check(operation) { () throws(StoreError) in
            try NameRules.check(stream, "stream", maxBytes: Self.maxStreamBytes)
        }
    }

    private func ordered(_ operation: String) throws(StoreError) -> any OrderedEventDriver {
        try runtime.require(.event(.globalOrder), operation)
        guard let driver = driver as? any OrderedEventDriver else {
            throw runtime.unsupported(.event(.globalOrder), operation)
        }
        return driver
    }

    private func validate(_ events: [NewEvent]) throws(StoreError) {
        guard !events.isEmpty else { throw .invalidArgument("an append has at least one event") }
        if let most = capabilities.limits[.batchCount], events.count > most {
            throw .invalidArgument(
                "an append has at most \(most) events here, since it is all or nothing; got \(events.count)")
        }
        var total = 0
        for event in events {
            try NameRules.check(event.id, "an event id", maxBytes: 128)
            try NameRules.check(event.type, "an event type", maxBytes: 256)
            try NameRules.check(event.contentType, "contentType", maxBytes: 256)
            for (name, _) in event.metadata { try NameRules.check(name, "a metadata key", maxBytes: 256) }
            let size = event.metadata.reduce(event.data.count) { $0 + $1.key.utf8.count + $1.value.utf8.count }
            if let most = capabilities.limits[.eventBytes], size > most {
                throw StoreError(.tooLarge, "event \(Redaction.name(event.id)) has \(size) bytes; at most \(most) here")
            }
            total += size
        }
        if let most = capabilities.limits[.batchBytes], total > most {
            throw StoreError(
                .tooLarge, "the append has \(total) bytes; at most \(most) here, since it is all or nothing")
        }
        guard events.count == 1 || events.lastOfEach(by: \.id).count == events.count else {
            throw .invalidArgument("the events of an append have distinct ids")
        }
    }
}
