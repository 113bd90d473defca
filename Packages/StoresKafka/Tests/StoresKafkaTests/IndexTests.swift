import StoresCore
import Testing

@testable import StoresKafka

@Suite struct IndexTests {
    private func record(_ stream: String, _ ids: [String], hint: KafkaHint? = nil) -> KafkaRecord {
        KafkaRecord(
            stream: stream, events: ids.map { NewEvent(id: $0, type: "t") },
            recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: hint, foreign: nil)
    }

    @Test func revisionsAreCountedByStream() {
        var index = KafkaIndex(keepsIDs: true)
        func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 { index.apply(record, at: offset) }
        #expect(apply(record("a", ["1", "2"]), at: 0) == 0)
        #expect(apply(record("b", ["1"]), at: 1) == 0)
        #expect(apply(record("a", ["3"]), at: 4) == 2)
        #expect(index.next == 5)
        #expect(index.streams[KafkaKey("a")]?.last == 2)
        #expect(index.revision(of: "a", at: 4) == 2 && index.revision(of: "a", at: 1) == nil)
        #expect(index.hint(for: "a") == KafkaHint(offset: 5, revision: 3))
        #expect(index.streams[KafkaKey("a")]?.ids[KafkaKey("2")]?.index == 1)
    }

    @Test func namesAreBytes() {
        var index = KafkaIndex(keepsIDs: false)
        func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 { index.apply(record, at: offset) }
        index.apply(record("é", ["1"]), at: 0)
        #expect(apply(record("e\u{301}", ["1"]), at: 1) == 0)
        #expect(index.streams.count == 2)
    }

    @Test func whatRetentionDropsIsGoneAndTheCountGoesOn() {
        var index = KafkaIndex(keepsIDs: true)
        func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 { index.apply(record, at: offset) }
        for offset in 0..<10 as Range<Int64> { index.apply(record("s", ["\(offset)"]), at: offset) }
        index.raise(floor: 4)
        let stream = index.streams[KafkaKey("s")]
        #expect(stream?.oldest == 4 && stream?.last == 9 && stream?.ids.count == 6)
        index.raise(floor: 20)
        #expect(index.next == 20)
        #expect(index.streams[KafkaKey("s")]?.oldest == 10)
        #expect(apply(record("s", ["x"]), at: 20) == 10)
    }

    @Test func hintsSayWhereToBeginAfterRetention() {
        var index = KafkaIndex(keepsIDs: false)
        func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 { index.apply(record, at: offset) }
        index.raise(floor: 100)
        // Its writer had seen up to 98: of 98 and 99 nothing is known, so this is a lower bound.
        #expect(apply(record("s", ["1"], hint: KafkaHint(offset: 98, revision: 40)), at: 100) == 40)
        // This one's writer had seen more: one of those two was the stream's.
        #expect(apply(record("s", ["2"], hint: KafkaHint(offset: 101, revision: 42)), at: 101) == 42)
        #expect(index.revision(of: "s", at: 100) == 41)
        // One that had not seen what came before says nothing new.
        #expect(apply(record("s", ["3"], hint: KafkaHint(offset: 101, revision: 42)), at: 102) == 43)
    }

    @Test func aWholeLogIsCountedWhateverHintsSay() {
        var index = KafkaIndex(keepsIDs: false)
        func apply(_ record: KafkaRecord, at offset: Int64) -> Int64 { index.apply(record, at: offset) }
        #expect(apply(record("s", ["1"], hint: KafkaHint(offset: 0, revision: 77)), at: 0) == 0)
    }

    /// The single writer's conditions rest on the count: where its predecessor knew of more than is there, it is told.
    @Test func aGapIsFoundWhereTheWriterKnewOfMore() {
        var index = KafkaIndex(keepsIDs: true)
        func gap(_ stream: String) -> KafkaIndex.Gap? { index.streams[KafkaKey(stream)]?.gap }
        index.apply(record("s", ["1"], hint: KafkaHint(offset: 0, revision: 0)), at: 0)
        index.apply(record("other", ["1"], hint: KafkaHint(offset: 1, revision: 0)), at: 1)
        // Two of one transaction, which know nothing of each other.
        index.apply(record("s", ["2"], hint: KafkaHint(offset: 2, revision: 1)), at: 2)
        index.apply(record("s", ["3"], hint: KafkaHint(offset: 2, revision: 1)), at: 3)
        #expect(gap("s") == nil)
        // What a transaction that was given up left, where brokers do not hide it, is more than was known.
        index.apply(record("s", ["4"], hint: KafkaHint(offset: 4, revision: 2)), at: 4)
        #expect(gap("s") == nil)
        index.apply(record("s", ["7"], hint: KafkaHint(offset: 5, revision: 6)), at: 5)
        index.apply(record("s", ["8"], hint: KafkaHint(offset: 6, revision: 9)), at: 6)
        #expect(gap("s") == KafkaIndex.Gap(offset: 5, counted: 4, written: 6), "the first one")
        #expect(gap("other") == nil)
    }

    /// What retention took is no gap, and whoever counts by hints has none.
    @Test(arguments: [true, false])
    func whatRetentionTookIsNoGap(_ isWriter: Bool) {
        var index = KafkaIndex(keepsIDs: isWriter)
        if isWriter { index.raise(floor: 100) }
        index.apply(record("s", ["1"], hint: KafkaHint(offset: 98, revision: 40)), at: 100)
        #expect(index.streams[KafkaKey("s")]?.gap == nil)
    }

    @Test(arguments: ["", ":", "1", "1:2:3", "-1:2", "1:-2", "x:1", "1:9007199254740993", "1:"])
    func whatIsNoHintIsNone(_ text: String) {
        #expect(KafkaHint(text.utf8) == nil)
    }
}
