/// The newest records of a partition, so that what was just written, or has just come, is not fetched again.
struct KafkaCache {
    private let limit: Int
    private var records: [(offset: Int64, record: KafkaRecord)] = []
    /// Those before were dropped; now and then their places too.
    private var first = 0
    private var bytes = 0
    /// Every record from this offset on that the index knows is here.
    private(set) var start: Int64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func append(_ record: KafkaRecord, at offset: Int64) {
        records.append((offset, record))
        bytes += record.bytes
        while bytes > limit, first < records.count { dropFirst() }
        compact()
    }

    /// A record that is not kept here, nor what came before it: who reads a long history is not to have it all in
    /// memory.
    mutating func pass(_ offset: Int64) {
        start = offset + 1
        guard !records.isEmpty else { return }
        (records, first, bytes) = ([], 0, 0)
    }

    /// What the brokers do not keep any more is not handed out either.
    mutating func raise(floor offset: Int64) {
        guard offset > start else { return }
        while first < records.count, records[first].offset < offset { dropFirst() }
        start = offset
        compact()
    }

    private mutating func dropFirst() {
        bytes -= records[first].record.bytes
        start = records[first].offset + 1
        records[first].record = .nothing
        first += 1
    }

    private mutating func compact() {
        if first > 64, first * 2 > records.count {
            records.removeFirst(first)
            first = 0
        }
    }

    /// The record at the offset; nil when there is none here.
    func record(at offset: Int64) -> KafkaRecord? {
        let place = place(of: offset)
        return place < records.count && records[place].offset == offset ? records[place].record : nil
    }

    /// From an offset on, in order; nil when some of them may have been dropped.
    func records(from offset: Int64) -> ArraySlice<(offset: Int64, record: KafkaRecord)>? {
        offset >= start ? records[place(of: offset)...] : nil
    }

    private func place(of offset: Int64) -> Int {
        var (low, high) = (first, records.count)
        while low < high {
            let middle = (low + high) / 2
            if records[middle].offset < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
