import StoresCore

/// What is known of one partition: which records are which stream's, and which revisions they have. Decides, and does
/// no I/O.
///
/// Revisions are counted in the order of the log, so every process that reads it counts the same.
struct KafkaIndex {
    struct Entry: Equatable {
        var offset: Int64
        var first: Int64
        var count: Int32

        var last: Int64 { first + Int64(count) - 1 }
    }

    /// Events that were there when the record at an offset was written, and are not any more, although retention has
    /// taken nothing.
    struct Gap: Equatable {
        var offset: Int64
        /// The revision that comes next by what is there, and by what the writer knew.
        var counted: Int64
        var written: Int64
    }

    struct Stream {
        var entries: [Entry] = []
        /// Of all that ever was, also when nothing is kept any more.
        var last: Int64 = -1
        /// Where each event is, in single-writer mode.
        var ids: [KafkaKey: (offset: Int64, index: Int)] = [:]
        /// Where its writer knew of more events than the log has, in single-writer mode.
        var gap: Gap?
        /// Records under its name that are none of the stores', and why.
        var foreign: [(offset: Int64, reason: String)] = []

        var oldest: Int64 { entries.first?.first ?? last + 1 }

        /// The entry that holds the revision, or the first one after it.
        func entry(holding revision: Int64) -> Int { entries.firstPlace { $0.last >= revision } }
        func entry(at offset: Int64) -> Entry? {
            let place = entries.firstPlace { $0.offset >= offset }
            return place < entries.count && entries[place].offset == offset ? entries[place] : nil
        }
        /// Events of records before the offset.
        func revision(before offset: Int64) -> Int64 {
            let place = entries.firstPlace { $0.offset >= offset }
            return place < entries.count ? entries[place].first : last + 1
        }
    }

    let keepsIDs: Bool
    /// Everything before it is known.
    private(set) var next: Int64 = 0
    /// Nothing is kept before it.
    private(set) var floor: Int64 = 0
    private(set) var streams: [KafkaKey: Stream] = [:]

    init(keepsIDs: Bool) {
        self.keepsIDs = keepsIDs
    }

    /// A record at `next` or, where there is nothing between, beyond it. The revision of its first event.
    @discardableResult
    mutating func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 {
        next = offset + 1
        let key = KafkaKey(record.stream)
        if record.events.isEmpty {
            if let reason = record.foreign { modify(key) { $0.foreign.append((offset, reason)) } }
            return 0
        }
        var first: Int64 = 0
        let (lost, keepsIDs) = (floor > 0, keepsIDs)
        // In place: a copy of a stream's entries for each record would be quadratic.
        modify(key) { stream in
            if lost || keepsIDs, let hint = record.hint, hint.offset <= offset {
                let missing = hint.revision - stream.revision(before: hint.offset)
                if missing > 0, !lost {
                    let counted = stream.revision(before: hint.offset)
                    stream.gap = stream.gap ?? Gap(offset: offset, counted: counted, written: hint.revision)
                } else if missing > 0 {
                    // Retention took what would have been counted; the writer had still seen it.
                    for place in stream.entries.indices { stream.entries[place].first += missing }
                    stream.last += missing
                }
            }
            first = stream.last + 1
            stream.entries.append(Entry(offset: offset, first: first, count: Int32(record.events.count)))
            stream.last += Int64(record.events.count)
            if keepsIDs {
                for (index, event) in record.events.enumerated() { stream.ids[KafkaKey(event.id)] = (offset, index) }
            }
        }
        return first
    }

    /// There is nothing before this offset that is not known.
    mutating func skip(to offset: Int64) { next = max(next, offset) }

    /// Everything before this offset is gone.
    mutating func raise(floor offset: Int64) {
        guard offset > floor else { return }
        floor = offset
        next = max(next, offset)
        for key in Array(streams.keys) {
            modify(key) { stream in
                stream.foreign.removeAll { $0.offset < offset }
                let kept = stream.entries.firstPlace { $0.offset >= offset }
                guard kept > 0 else { return }
                stream.entries.removeFirst(kept)
                stream.ids = stream.ids.filter { $0.value.offset >= offset }
            }
        }
    }

    func revision(of stream: String, at offset: Int64) -> Int64? {
        streams[KafkaKey(stream)]?.entry(at: offset)?.first
    }

    func hint(for stream: String) -> KafkaHint {
        KafkaHint(offset: next, revision: (streams[KafkaKey(stream)]?.last ?? -1) + 1)
    }

    private mutating func modify(_ key: KafkaKey, _ change: (inout Stream) -> Void) {
        change(&streams[key, default: Stream()])
    }
}

extension Array {
    /// The first index whose element, and all after it, satisfy the condition.
    func firstPlace(where condition: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
