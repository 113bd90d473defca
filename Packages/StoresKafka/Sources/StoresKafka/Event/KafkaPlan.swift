import StoresCore

/// What one transaction of the single writer is to have. Decides append by append, from what is known and from the
/// records that come before in the same transaction; does no I/O.
struct KafkaPlan {
    enum Decision {
        /// Settled, once the transaction is: nothing is written for it.
        case answer(Result<AppendResult, StoreError>)
        /// Its record's place in ``KafkaPlan/records``.
        case write(Int)
        /// The same events as a record before it, by that record's place.
        case repeats(Int, first: Int64, index: Int, count: Int)
    }

    private struct Place {
        var revision: Int64
        var record: Int
        var index: Int
    }

    private struct Ahead {
        var last: Int64
        var places: [KafkaKey: Place] = [:]
    }

    /// Whether records that were sent one after the other are so in the log: a gap is somebody else's record.
    static func follow(_ offsets: [Int64]) -> Bool {
        zip(offsets, offsets.dropFirst()).allSatisfy { $1 == $0 + 1 }
    }

    private(set) var records: [(partition: Int32, record: KafkaRecord)] = []
    private var ahead: [KafkaKey: Ahead] = [:]

    mutating func decide(_ append: KafkaAppend, _ partition: Int32, _ state: KafkaLog.Partition) -> Decision {
        let key = KafkaKey(append.stream)
        let known = state.index.streams[key]
        if let gap = known?.gap { return .answer(.failure(.kafkaGap(gap, in: append.stream))) }
        if let repeated = repetition(append, partition, known, ahead[key]) { return repeated }
        let last = ahead[key]?.last ?? known?.last ?? -1
        let actual = last < 0 ? nil : last
        guard append.expected.isMet(by: actual) else {
            return .answer(.failure(append.expected.conflict(with: actual, in: append.stream)))
        }
        let place = records.count
        records.append(
            (
                partition,
                KafkaRecord(
                    stream: append.stream, events: append.events, recordedAt: append.now,
                    hint: state.index.hint(for: append.stream), foreign: nil)
            ))
        var new = ahead[key] ?? Ahead(last: last)
        for (index, event) in append.events.enumerated() {
            new.last += 1
            new.places[KafkaKey(event.id)] = Place(revision: new.last, record: place, index: index)
        }
        ahead[key] = new
        return .write(place)
    }

    /// What an append that was made before comes to; nil where none of its events is there.
    private func repetition(
        _ append: KafkaAppend, _ partition: Int32, _ known: KafkaIndex.Stream?, _ ahead: Ahead?
    ) -> Decision? {
        var revisions: [Int64?] = []
        var isAhead = false
        for event in append.events {
            let id = KafkaKey(event.id)
            if let place = ahead?.places[id] {
                revisions.append(place.revision)
                isAhead = true
            } else if let place = known?.ids[id], let entry = known?.entry(at: place.offset) {
                revisions.append(entry.first + Int64(place.index))
            } else {
                revisions.append(nil)
            }
        }
        guard revisions.contains(where: { $0 != nil }) else { return nil }
        // An append is contiguous: its repetition has the same ids in the same order, and nothing between them.
        guard let first = revisions[0], revisions.enumerated().allSatisfy({ $1 == first + Int64($0) }),
            let id = append.events.last.map({ KafkaKey($0.id) })
        else { return .answer(.failure(.partialDuplicate(in: append.stream))) }
        let last = first + Int64(revisions.count) - 1
        if isAhead, let place = ahead?.places[id] {
            return .repeats(place.record, first: first, index: place.index, count: revisions.count)
        }
        guard let place = known?.ids[id], let entry = known?.entry(at: place.offset) else {
            return .answer(.failure(.partialDuplicate(in: append.stream)))
        }
        let position = KafkaPlace(
            partition: partition, record: place.offset, index: place.index, of: Int(entry.count)
        ).position
        return .answer(
            .success(AppendResult(firstRevision: first, lastRevision: last, position: position, isDeduplicated: true)))
    }
}
