import StoresCore

extension RedisEventDriver: OrderedEventDriver {
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice {
        let after = try RedisEventCodec.number(position)
        let limit = max(1, limit)
        let reply = try await client.run(RedisEventScripts.readAll, .events, context: context, keys: 2, arguments: 3) {
            [keys] writer in
            writer.text(keys.event("g"))
            writer.text(keys.event("i"))
            writer.text(RedisEventCodec.id(after: after))
            writer.integer(Int64(limit))
            writer.text(keys.event("s") + [UInt8(ascii: ":")])
        }
        guard let parts = reply.array, parts.count == 5, let dropped = parts[0].text.flatMap({ UInt64($0) }),
            let given = parts[1].text.flatMap({ UInt64($0) }), let count = parts[2].integer,
            let entries = parts[4].array
        else { throw .redisUnexpected("a read of all events") }
        if position != nil, after < dropped {
            throw StoreError(
                .notFound,
                "events after this position were dropped; the oldest that is kept comes after "
                    + Position(dropped).rawValue,
                remedy: "read from the start of what is kept, or from that position, and make up for what is missing",
                applied: .no)
        }
        guard after <= given else {
            throw StoreError(
                .notFound,
                "the server has given out no position after \(Position(given).rawValue): it has lost events, "
                    + "or is another",
                remedy: "read from that position on; stores doctor says what the server keeps over a crash",
                applied: .no)
        }
        var events: [RecordedEvent] = []
        events.reserveCapacity(entries.count)
        for entry in entries {
            guard let pair = entry.array, pair.count == 2, let stream = pair[0].text else {
                throw .redisUnexpected("a read of all events")
            }
            events.append(try RedisEventCodec.decode(pair[1], stream: stream))
        }
        // The last entry of the index, also where its event is gone, or the reader would meet it again. At the end the
        // last position of all, so that who has seen no event yet is told when those that come next are dropped.
        let isAtEnd = count < limit
        let next = isAtEnd ? given : RedisEventCodec.number(ofID: parts[3])
        return EventSlice(events: events, next: next.map { Position($0) } ?? position, isAtEnd: isAtEnd)
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        let reply = try await client.call(.events, context: context) { [keys] writer in
            writer.command(3)
            writer.word("HGET")
            writer.text(keys.event("g"))
            writer.word("p")
        }.checked()
        return reply.text.flatMap { UInt64($0) }.map { Position($0) }
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        let after = try RedisEventCodec.number(position)
        // Not longer than a silent connection is trusted; early is fine.
        let milliseconds = min(max(1, timeout.wholeMilliseconds), 5000)
        let key = keys.event("i")
        try await waiting.call(.milliseconds(milliseconds)) { writer in
            writer.command(8)
            writer.word("XREAD")
            writer.word("COUNT")
            writer.word("1")
            writer.word("BLOCK")
            writer.integer(milliseconds)
            writer.word("STREAMS")
            writer.text(key)
            writer.text("\(after)-0")
        }
    }
}

extension RedisEventDriver: DeletingEventDriver {
    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        let removed = keys.event("t", context.ids.next())
        let reply = try await client.run(RedisEventScripts.delete, .events, context: context, keys: 8, arguments: 0) {
            [keys] writer in
            writer.text(keys.event("m", stream))
            writer.text(keys.event("s", stream))
            writer.text(keys.event("d", stream))
            writer.text(keys.event("n", stream))
            writer.text(keys.event("N", stream))
            writer.text(keys.event("T"))
            writer.text(removed)
            writer.text(keys.event("g"))
        }
        // Nobody sees any longer what is left in the index.
        await tidy(context, steps: 100, within: .seconds(2))
        return reply == .integer(1)
    }
}
