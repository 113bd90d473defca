import StoresCore

/// The event tier: a document for each append, see ``MongoCommit``.
struct MongoEventDriver: EventDriver {
    let clients: MongoClients
    let appender: MongoAppender
    let appends: MongoBatcher<MongoAppend, AppendResult>
    let signal: MongoEventSignal

    func append(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, context: CallContext)
        async throws(StoreError) -> AppendResult
    {
        try context.check(applied: .no)
        let item = try MongoAppend(events, stream, expected, context.now)
        let result = try await appends.run(item, bytes: item.bytes, deadline: context.deadline)
        if let number = result.position.numbers(count: 2)?.first { signal.announce(Int64(clamping: number)) }
        return result
    }

    func read(_ stream: String, from: Int64?, direction: ReadDirection, limit: Int, context: CallContext)
        async throws(StoreError) -> StreamSlice
    {
        let appender = appender
        let limit = max(1, limit)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let head = try appender.head(stream, connection)
            guard let last = head.revision else { return StreamSlice(exists: false, events: [], lastRevision: nil) }
            var slice = StreamSlice(exists: true, events: [], lastRevision: last)
            let start = direction == .forward ? max(0, from ?? 0) : min(from ?? last, last)
            guard start >= 0, start <= last else { return slice }
            var first: BSONDocument = ["$lte": .int64(last)]
            if direction == .backward {
                first = ["$lte": .int64(start)]
            } else if start > 0 {
                // The commit that holds the revision begins at or before it.
                let holder = try connection.find(
                    .events, Self.place(stream, head.life, ["$lte": .int64(start)]), sort: ["first": .int32(-1)],
                    fields: ["first": .int32(1)], limit: 1)
                first["$gte"] = .int64(holder.first?["first"]?.integer ?? start)
            }
            let order: Int32 = direction == .forward ? 1 : -1
            try connection.find(
                .events, Self.place(stream, head.life, first), sort: ["first": .int32(order)], limit: limit,
                batch: Self.batch(limit)
            ) { (document) throws(StoreError) in
                let events = try MongoCommit(document).events()
                for event in direction == .forward ? events : events.reversed() where slice.events.count < limit {
                    let isWanted = direction == .forward ? event.revision >= start : event.revision <= start
                    if isWanted { slice.events.append(event) }
                }
                return slice.events.count < limit
            }
            return slice
        }
    }

    private static func place(_ stream: String, _ life: Int64, _ first: BSONDocument) -> BSONDocument {
        ["stream": .string(stream), "life": .int64(life), "first": .document(first)]
    }

    /// Commits that are asked for at a time: each has at least one event, and often more.
    fileprivate static func batch(_ limit: Int) -> Int { min(max(2, limit), 500) }
}

extension MongoEventDriver: OrderedEventDriver {
    func readAll(after position: Position?, limit: Int, context: CallContext) async throws(StoreError) -> EventSlice {
        let place = try position.map(MongoCommit.place)
        let limit = max(1, limit)
        return try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            var slice = EventSlice(events: [], next: position, isAtEnd: true)
            // The commit of the position may have events after it.
            let filter: BSONDocument = place.map { ["_id": ["$gte": .int64($0.number)]] } ?? [:]
            try connection.find(
                .events, filter, sort: ["_id": .int32(1)], limit: limit + 1, batch: Self.batch(limit + 1)
            ) { (document) throws(StoreError) in
                let commit = try MongoCommit(document)
                let events = try commit.events()
                for (index, event) in events.enumerated() {
                    if let place, commit.number == place.number, UInt64(index) <= place.index { continue }
                    if slice.events.count == limit {
                        slice.isAtEnd = false
                        return false
                    }
                    slice.events.append(event)
                    slice.next = event.position
                }
                // A deleted stream's end has no events, and is not met again.
                if events.isEmpty, commit.number != place?.number { slice.next = commit.position(0) }
                return true
            }
            return slice
        }
    }

    func head(context: CallContext) async throws(StoreError) -> Position? {
        try await clients.call(context, writes: false) { (connection) throws(StoreError) in
            let found = try connection.find(
                .events, ["removed": ["$exists": false]], sort: ["_id": .int32(-1)],
                fields: ["first": .int32(1), "last": .int32(1)], limit: 1)
            guard let document = found.first else { return nil }
            guard let number = document["_id"]?.integer, let first = document["first"]?.integer,
                let last = document["last"]?.integer
            else { throw .mongoForeign("the events' collection") }
            return MongoCommit.position(number, Int(clamping: last &- first))
        }
    }

    func waitForEvents(after position: Position?, timeout: Duration) async throws(StoreError) {
        let number = try position.map(MongoCommit.place)?.number ?? -1
        try await signal.wait(after: number, until: .after(timeout)) { () async throws(StoreError) in
            try await clients.call(CallContext(deadline: .after(.seconds(5))), writes: false) {
                (connection) throws(StoreError) in
                try !connection.find(
                    .events, ["_id": ["$gt": .int64(number)]], fields: ["_id": .int32(1)], limit: 1
                ).isEmpty
            }
        }
    }
}

extension MongoEventDriver: DeletingEventDriver {
    func deleteStream(_ stream: String, context: CallContext) async throws(StoreError) -> Bool {
        let appender = appender
        return try await clients.call(context, writes: true) { (connection) throws(StoreError) in
            let isDeleted = try appender.delete(stream, connection)
            try connection.delete(.snapshots, ["stream": .string(stream)])
            return isDeleted
        }
    }
}
