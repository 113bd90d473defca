import StoresCore
import Testing

@testable import StoresKafka

@Suite struct CacheTests {
    private func record(_ bytes: Int) -> KafkaRecord {
        KafkaRecord(
            stream: "s", events: [NewEvent(id: "1", type: "t", data: [UInt8](repeating: 0, count: bytes))],
            recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: nil, foreign: nil)
    }

    @Test func theOldestGoFirst() {
        var cache = KafkaCache(limit: 10_000)
        for offset in 0..<100 as Range<Int64> { cache.append(record(1000), at: offset * 2) }
        #expect(cache.start > 180 && cache.start < 198)
        #expect(cache.record(at: 198) != nil && cache.record(at: 0) == nil && cache.record(at: 197) == nil)
        #expect(cache.records(from: 10) == nil)
        let rest = cache.records(from: cache.start)
        #expect(rest?.last?.offset == 198 && rest?.allSatisfy { !$0.record.events.isEmpty } == true)
        #expect(cache.records(from: 500)?.isEmpty == true)
    }

    @Test func whatRetentionDroppedIsDroppedHereToo() {
        var cache = KafkaCache(limit: 1 << 20)
        for offset in 0..<10 as Range<Int64> { cache.append(record(10), at: offset) }
        cache.raise(floor: 4)
        #expect(cache.records(from: 3) == nil && cache.records(from: 4)?.count == 6 && cache.record(at: 3) == nil)
        cache.raise(floor: 2)
        #expect(cache.start == 4)
        cache.raise(floor: 50)
        #expect(cache.records(from: 50)?.isEmpty == true && cache.records(from: 49) == nil)
    }

    @Test func oneThatIsLargerThanAllIsNotKept() {
        var cache = KafkaCache(limit: 1000)
        cache.append(record(5000), at: 0)
        #expect(cache.record(at: 0) == nil && cache.start == 1)
        cache.append(record(10), at: 1)
        #expect(cache.record(at: 1) != nil)
    }

    /// A long history is read past what is in memory.
    @Test func whatIsPassedIsNotKept() {
        var cache = KafkaCache(limit: 1 << 20)
        cache.append(record(10), at: 0)
        for offset in 1..<5 as Range<Int64> { cache.pass(offset) }
        #expect(cache.record(at: 0) == nil && cache.records(from: 4) == nil)
        #expect(cache.records(from: 5)?.isEmpty == true)
        cache.append(record(10), at: 5)
        #expect(cache.records(from: 5)?.map(\.offset) == [5])
    }
}
