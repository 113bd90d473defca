import StoresCore

/// Which records a read of a stream needs, and what it makes of them. Decides, and does no I/O.
struct KafkaReadPlan {
    private let stream: String
    private let direction: ReadDirection
    private let start: Int64
    private let limit: Int
    private let last: Int64
    private let oldest: Int64
    /// In the order of the log.
    private let entries: [KafkaIndex.Entry]
    private var records: [Int64: KafkaRecord] = [:]

    /// Nil where the stream does not exist.
    ///
    /// - Throws: `notFound` for a forward read from before the oldest event that is kept (E11).
    init?(
        _ state: KafkaLog.Partition, _ stream: String, from: Int64?, direction: ReadDirection, limit: Int
    ) throws(StoreError) {
        guard let known = state.index.streams[KafkaKey(stream)], known.last >= 0 else { return nil }
        self.stream = stream
        self.direction = direction
        self.limit = limit
        last = known.last
        oldest = known.oldest
        if direction == .forward {
            start = from ?? known.oldest
            guard start >= known.oldest else {
                throw StoreError(
                    .notFound,
                    "the topic does not keep revision \(start) of the stream any more; the oldest is \(known.oldest)",
                    remedy: "read from \(known.oldest), or keep events for longer: the topic's retention.ms",
                    resource: stream)
            }
            entries = Self.forward(known, from: start, limit)
        } else {
            start = min(from ?? known.last, known.last)
            entries = Self.backward(known, from: start, limit)
        }
        for entry in entries {
            if let record = state.cache.record(at: entry.offset) { records[entry.offset] = record }
        }
    }

    private static func forward(_ stream: KafkaIndex.Stream, from start: Int64, _ limit: Int) -> [KafkaIndex.Entry] {
        var found: [KafkaIndex.Entry] = []
        for entry in stream.entries[stream.entry(holding: start)...] {
            guard entry.first - start < limit else { break }
            found.append(entry)
        }
        return found
    }

    private static func backward(_ stream: KafkaIndex.Stream, from start: Int64, _ limit: Int) -> [KafkaIndex.Entry] {
        let end = stream.entries.firstPlace { $0.first > start }
        var place = end
        while place > 0, stream.entries[place - 1].last > start - Int64(limit) { place -= 1 }
        return Array(stream.entries[place..<end])
    }

    /// The offsets of records that have to be fetched, ascending.
    var missing: [Int64] { entries.map(\.offset).filter { records[$0] == nil } }

    mutating func fill(_ found: [Int64: KafkaRecord]) { records.merge(found) { known, _ in known } }

    /// - Throws: `notFound` where retention took records between the plan and the reading.
    func slice(_ partition: Int32) throws(StoreError) -> StreamSlice {
        var events: [RecordedEvent] = []
        for entry in entries {
            guard let record = records[entry.offset], record.events.count == Int(entry.count) else {
                throw StoreError(
                    .notFound, "the topic has dropped events of the stream while they were read",
                    remedy: "read again", resource: stream, isRetryable: true)
            }
            for (index, event) in record.events.enumerated() {
                let revision = entry.first + Int64(index)
                let isWanted =
                    direction == .forward
                    ? revision >= start && revision - start < limit : revision <= start && start - revision < limit
                guard isWanted else { continue }
                events.append(
                    RecordedEvent(
                        stream: record.stream, revision: revision,
                        position: KafkaPlace(
                            partition: partition, record: entry.offset, index: index, of: record.events.count
                        ).position, event: event, recordedAt: record.recordedAt))
            }
        }
        if direction == .backward { events.reverse() }
        return StreamSlice(exists: true, events: events, lastRevision: last, oldestRevision: oldest)
    }
}
