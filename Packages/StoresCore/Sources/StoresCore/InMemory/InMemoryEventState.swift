/// All streams, their events in one order, and their snapshots.
struct InMemoryEventState: Sendable {
    private struct Stream: Sendable {
        var events: [RecordedEvent] = []
        /// By event id.
        var revisions: [ByteKey: Int64] = [:]
    }

    private struct Entry: Sendable {
        var number: UInt64
        var event: RecordedEvent
    }

    private var streams: [ByteKey: Stream] = [:]
    /// By stream; each ascending by revision.
    private var snapshots: [ByteKey: [Snapshot]] = [:]
    /// Ascending by number, with gaps where streams were deleted.
    private var log: [Entry] = []
    private var lastNumber: UInt64 = 0

    var head: Position? { log.last?.event.position }

    func hasEvents(after number: UInt64) -> Bool { (log.last?.number ?? 0) > number }

    mutating func append(_ events: [NewEvent], _ stream: String, _ expected: ExpectedRevision, _ now: Timestamp)
        throws(StoreError) -> AppendResult
    {
        let key = ByteKey(stream)
        guard !events.isEmpty else { throw .invalidArgument("an append needs at least one event", resource: stream) }
        if let earlier = try duplicate(events, stream) { return earlier }
        let actual = streams[key]?.events.last?.revision
        guard expected.isMet(by: actual) else { throw expected.conflict(with: actual, in: stream) }
        let first = (actual ?? -1) + 1
        var revision = first
        for event in events {
            lastNumber += 1
            let recorded = RecordedEvent(
                stream: stream, revision: revision, position: Position(lastNumber), event: event, recordedAt: now)
            streams[key, default: Stream()].events.append(recorded)
            streams[key]?.revisions[ByteKey(event.id)] = revision
            log.append(Entry(number: lastNumber, event: recorded))
            revision += 1
        }
        return AppendResult(
            firstRevision: first, lastRevision: revision - 1, position: Position(lastNumber), isDeduplicated: false)
    }

    /// What the same append returned before; nil when none of its events is there.
    private func duplicate(_ events: [NewEvent], _ name: String) throws(StoreError) -> AppendResult? {
        let ids = events.map { ByteKey($0.id) }
        guard Set(ids).count == ids.count else {
            throw .invalidArgument("two events of one append have the same id", resource: name)
        }
        guard let stream = streams[ByteKey(name)] else { return nil }
        let known = ids.map { stream.revisions[$0] }
        if known.allSatisfy({ $0 == nil }) { return nil }
        // An append is contiguous: its repetition has the same ids in the same order, and nothing between them.
        if let first = known[0], first + Int64(ids.count) <= Int64(stream.events.count),
            known.enumerated().allSatisfy({ $1 == first + Int64($0) })
        {
            let last = first + Int64(ids.count) - 1
            return AppendResult(
                firstRevision: first, lastRevision: last, position: stream.events[Int(last)].position,
                isDeduplicated: true)
        }
        throw .partialDuplicate(in: name)
    }

    func read(_ name: String, _ from: Int64?, _ direction: ReadDirection, _ limit: Int) -> StreamSlice {
        guard let events = streams[ByteKey(name)]?.events else {
            return StreamSlice(exists: false, events: [], lastRevision: nil)
        }
        let limit = max(0, limit)
        let part: [RecordedEvent]
        switch direction {
        case .forward:
            let start = Int(clamping: max(0, from ?? 0))
            part = Array(events.dropFirst(start).prefix(limit))
        case .backward:
            // `from` itself is in; clamped first, so that no addition overflows.
            let end = from.map { Int(max(-1, min($0, Int64(events.count) - 1))) + 1 } ?? events.count
            part = events[..<end].suffix(limit).reversed()
        }
        return StreamSlice(exists: true, events: part, lastRevision: events.last?.revision)
    }

    func readAll(_ after: Position?, _ limit: Int) throws(StoreError) -> EventSlice {
        let number = try Self.number(after)
        var low = 0
        var high = log.count
        while low < high {
            let middle = (low + high) / 2
            if log[middle].number <= number { low = middle + 1 } else { high = middle }
        }
        let part = log[low...].prefix(max(0, limit))
        return EventSlice(
            events: part.map(\.event), next: part.last?.event.position ?? after, isAtEnd: part.endIndex == log.count)
    }

    mutating func delete(_ name: String) -> Bool {
        let key = ByteKey(name)
        snapshots[key] = nil
        guard streams.removeValue(forKey: key) != nil else { return false }
        log.removeAll { ByteKey($0.event.stream) == key }
        return true
    }

    mutating func save(_ snapshot: Snapshot) {
        var kept = snapshots[ByteKey(snapshot.stream)] ?? []
        let index = kept.firstIndex { $0.revision >= snapshot.revision } ?? kept.count
        if index < kept.count, kept[index].revision == snapshot.revision {
            kept[index] = snapshot
        } else {
            kept.insert(snapshot, at: index)
        }
        snapshots[ByteKey(snapshot.stream)] = kept
    }

    func snapshots(_ stream: String, _ atOrBefore: Int64?, _ limit: Int) -> [Snapshot] {
        let kept = (snapshots[ByteKey(stream)] ?? []).filter { $0.revision <= atOrBefore ?? .max }
        return kept.suffix(max(0, limit)).reversed()
    }

    mutating func deleteSnapshots(_ stream: String, _ before: Int64?) -> Int {
        let kept = snapshots[ByteKey(stream)] ?? []
        let rest = kept.filter { snapshot in before.map { snapshot.revision >= $0 } ?? false }
        snapshots[ByteKey(stream)] = rest.isEmpty ? nil : rest
        return kept.count - rest.count
    }

    /// 0 for the start.
    static func number(_ position: Position?) throws(StoreError) -> UInt64 {
        guard let position else { return 0 }
        guard let number = position.numbers(count: 1)?.first else {
            throw .invalidArgument(
                "the position was not given out by this store", remedy: "positions of other stores mean nothing here")
        }
        return number
    }

}
