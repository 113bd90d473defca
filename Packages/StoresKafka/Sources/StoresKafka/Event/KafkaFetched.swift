/// What a reader took out of its queue and has not handed out yet.
struct KafkaFetched {
    /// What is enough to be here: no more is read ahead.
    private static let enough = (records: 1024, bytes: 4 << 20)

    private var records: [(offset: Int64, record: KafkaRecord, bytes: Int)] = []
    private var next = 0
    /// About what the records that are here take in memory.
    private(set) var bytes = 0
    /// Where the partition ended, which is told once for each end. What is between the last record and it is nothing
    /// that anybody reads: brokers' own records at the end of a transaction.
    private var end: Int64?

    /// Records that are here.
    var count: Int { records.count - next }

    var isFull: Bool { count >= Self.enough.records || bytes >= Self.enough.bytes }

    mutating func add(_ record: KafkaRecord, at offset: Int64) {
        let size = record.bytes
        records.append((offset, record, size))
        bytes += size
    }

    mutating func add(end offset: Int64) { end = max(end ?? 0, offset) }

    /// Hands out what is there, up to an offset.
    ///
    /// - Parameters:
    ///   - position: Where reading goes on.
    ///   - take: Returns false when it wants no more.
    /// - Returns: Whether reading is done: `position` has come to `last`, or `take` wants no more.
    mutating func drain(
        _ position: inout Int64, until last: Int64, _ take: (Int64, KafkaRecord) -> Bool
    ) -> Bool {
        while next < records.count {
            let (offset, record, size) = records[next]
            guard offset < last else {
                position = last
                return true
            }
            next += 1
            bytes -= size
            position = offset + 1
            guard take(offset, record) else {
                compact()
                return true
            }
        }
        records.removeAll(keepingCapacity: true)
        next = 0
        // After the records that came before it.
        if let end { position = max(position, end) }
        end = nil
        return position >= last
    }

    /// Drops what was handed out, where that is more than what is left: O(1) for each in the long run.
    private mutating func compact() {
        guard next * 2 > records.count else { return }
        records.removeFirst(next)
        next = 0
    }
}
