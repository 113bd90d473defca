import StoresCore
import Testing

@testable import StoresKafka

@Suite struct FetchedTests {
    private var fetched = KafkaFetched()
    private var position: Int64 = 5

    private mutating func add(_ offsets: Int64..., bytes: Int = 0) {
        let record = KafkaRecord(
            stream: "s", events: [NewEvent(id: "1", type: "t", data: [UInt8](repeating: 0, count: bytes))],
            recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: nil, foreign: nil)
        for offset in offsets { fetched.add(record, at: offset) }
    }

    /// What was handed out, and whether that is all.
    private mutating func drain(until last: Int64, most: Int = .max) -> ([Int64], Bool) {
        var taken: [Int64] = []
        let isDone = fetched.drain(&position, until: last) { offset, _ in
            taken.append(offset)
            return taken.count < most
        }
        return (taken, isDone)
    }

    /// The mark at the end of a transaction is the last record of the partition, and nobody reads it: its end is told
    /// once, together with the records before it.
    @Test mutating func anEndThatCameWithRecordsCountsAfterThem() {
        add(5, 6)
        fetched.add(end: 8)
        let (taken, isDone) = drain(until: 8)
        #expect(taken == [5, 6] && isDone && position == 8)
    }

    @Test mutating func anEndWithoutRecordsCounts() {
        fetched.add(end: 6)
        let (taken, isDone) = drain(until: 6)
        #expect(taken.isEmpty && isDone && position == 6)
    }

    @Test mutating func anEndDoesNotSkipWhatIsNotHandedOutYet() {
        add(5, 6)
        fetched.add(end: 8)
        let first = drain(until: 8, most: 1)
        #expect(first.0 == [5] && first.1 && position == 6)
        let second = drain(until: 8)
        #expect(second.0 == [6] && second.1 && position == 8)
    }

    @Test mutating func recordsAfterAnEndComeToo() {
        add(5)
        fetched.add(end: 6)
        add(6)
        let (taken, isDone) = drain(until: 9)
        #expect(taken == [5, 6] && !isDone && position == 7)
        fetched.add(end: 9)
        let rest = drain(until: 9)
        #expect(rest.0.isEmpty && rest.1 && position == 9)
    }

    /// Large records are as much as many small ones.
    @Test mutating func whatIsReadAheadIsBoundedInBytes() {
        for offset in 5..<8 as Range<Int64> { add(offset, bytes: 1 << 20) }
        #expect(!fetched.isFull && fetched.bytes >= 3 << 20)
        add(8, bytes: 1 << 20)
        #expect(fetched.isFull)
        let first = drain(until: 100, most: 2)
        #expect(first.0 == [5, 6] && !fetched.isFull, "what was handed out counts no more")
        let rest = drain(until: 100)
        #expect(rest.0 == [7, 8] && fetched.bytes == 0 && fetched.count == 0)
    }

    @Test mutating func whatIsReadAheadIsBoundedInRecords() {
        for offset in 5..<1028 as Range<Int64> { add(offset) }
        #expect(!fetched.isFull)
        add(1028)
        #expect(fetched.isFull)
        _ = drain(until: 5000, most: 1)
        #expect(!fetched.isFull && fetched.count == 1023)
    }

    @Test mutating func aRecordBeyondWhatIsWantedStays() {
        add(5, 9)
        let first = drain(until: 8)
        #expect(first.0 == [5] && first.1 && position == 8)
        let second = drain(until: 10)
        #expect(second.0 == [9] && second.1 && position == 10)
    }
}
