import StoresCore

/// The event tier on the server's streams.
///
/// An append is one script, so appends come one after the other and take their positions in the order in which they
/// become visible: a reader of the index skips none.
final class RedisEventDriver: EventDriver {
    let client: RedisClient
    let keys: RedisKeys
    let leases: RedisLeases
    let waiting: RedisBlockingConnections
    /// How many events are kept in all; nil keeps every one.
    let retention: Int?
    /// Of how many dropped events the ids are known at least, so that a repeated append is told from a new one.
    static let knownIDs = 10_000

    init(client: RedisClient, keys: RedisKeys, waiting: RedisBlockingConnections, retention: Int?) {
        self.client = client
        self.keys = keys
        self.waiting = waiting
        self.retention = retention
        leases = RedisLeases(client: client, place: { _ in .events }, write: { $1.text(keys.event("l", $0)) })
    }

    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        guard !events.isEmpty else { throw .invalidArgument("an append needs at least one event", resource: stream) }
        for event in events where event.metadata.count > RedisEventCodec.maxMetadata {
            throw .invalidArgument(
                "an event has at most \(RedisEventCodec.maxMetadata) fields of metadata here; "
                    + "\(Redaction.name(event.id)) has \(event.metadata.count)", resource: stream)
        }
        let now = context.now.millisecondsSinceEpoch
        let reply = try await client.run(
            RedisEventScripts.append, .events, context: context, keys: 5,
            arguments: 6 + events.reduce(0) { $0 + RedisEventCodec.argumentCount($1) }
        ) { [keys, retention] writer in
            writer.text(keys.event("g"))
            writer.text(keys.event("i"))
            writer.text(keys.event("s", stream))
            writer.text(keys.event("m", stream))
            writer.text(keys.event("d", stream))
            writer.text(stream)
            switch expected {
            case .any: writer.word("*")
            case .noStream: writer.word("-")
            case .exists: writer.word("+")
            case .exact: writer.word("=")
            }
            if case .exact(let revision) = expected { writer.integer(revision) } else { writer.word("0") }
            writer.integer(now)
            writer.integer(Int64(events.count))
            writer.integer(Int64(retention ?? 0))
            for event in events { RedisEventCodec.encode(event, &writer) }
        }
        guard let parts = reply.array, let word = parts.first?.text else { throw .redisUnexpected("an append") }
        switch word {
        case "ok", "again":
            guard parts.count >= 4, let first = parts[1].integer, let last = parts[2].integer,
                let position = parts[3].text.flatMap({ UInt64($0) })
            else { throw .redisUnexpected("an append") }
            if parts.last == .integer(1) { await tidy(context, adding: events.count) }
            return AppendResult(
                firstRevision: first, lastRevision: last, position: Position(position), isDeduplicated: word == "again")
        case "partial":
            throw .partialDuplicate(in: stream)
        default: throw expected.conflict(with: parts.last?.integer, in: stream)
        }
    }

    /// Drops what retention does not keep, and takes the events of removed streams out of the index, also what an ended
    /// process left behind. What is not done now the next append goes on with: nobody need see it fail.
    ///
    /// - Parameter count: How many events were added; some more than these are dropped, so that it comes to an end.
    func tidy(
        _ context: CallContext, adding count: Int = 0, steps: Int = 1, within patience: Duration = .milliseconds(500)
    )
        async
    {
        let patience = Deadline.after(min(context.deadline.remaining / 2, patience))
        let brief = CallContext(deadline: patience, clock: context.clock, ids: context.ids)
        for _ in 0..<steps where !Task.isCancelled {
            let reply = try? await client.run(
                RedisEventScripts.tidy, .events, context: brief, keys: 4, arguments: 5
            ) { [keys, retention] writer in
                for key in ["g", "i", "x", "T"] as [StaticString] { writer.text(keys.event(key)) }
                writer.integer(Int64(retention ?? 0))
                writer.integer(Int64(count + 1000))
                writer.integer(Int64(max(retention ?? 0, Self.knownIDs)))
                writer.text(keys.event("s") + [UInt8(ascii: ":")])
                writer.text(keys.event("d") + [UInt8(ascii: ":")])
            }
            guard reply == .integer(1) else { return }
        }
    }

    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        let start: String =
            switch (direction, from) {
            case (.forward, nil): "-"
            case (.backward, nil): "+"
            // The entry of a revision is numbered from 1.
            case (_, let revision?): "\(UInt64(max(0, revision)) + 1)-0"
            }
        let reply = try await client.run(RedisEventScripts.read, .events, context: context, keys: 2, arguments: 3) {
            [keys] writer in
            writer.text(keys.event("s", stream))
            writer.text(keys.event("m", stream))
            writer.text(start)
            writer.word(direction == .forward ? "f" : "b")
            writer.integer(Int64(max(1, limit)))
        }
        if reply.isNull { return StreamSlice(exists: false, events: [], lastRevision: nil) }
        guard let parts = reply.array, parts.count == 3, let next = parts[0].integer, let entries = parts[2].array
        else {
            throw .redisUnexpected("a read")
        }
        // When every event was dropped, the oldest is the one that comes next.
        let oldest = RedisEventCodec.number(ofID: parts[1]).map { Int64(clamping: $0) - 1 } ?? next
        if direction == .forward, let from, from < oldest {
            throw StoreError(
                .notFound, "the stream begins at revision \(oldest): the events before it were dropped",
                remedy: "read from \(oldest) on, or from no revision to begin where the stream does", resource: stream,
                applied: .no)
        }
        var events: [RecordedEvent] = []
        events.reserveCapacity(entries.count)
        for entry in entries { events.append(try RedisEventCodec.decode(entry, stream: stream)) }
        return StreamSlice(exists: true, events: events, lastRevision: next - 1, oldestRevision: oldest)
    }
}
