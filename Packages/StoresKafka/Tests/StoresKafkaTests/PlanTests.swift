import StoresCore
import Testing

@testable import StoresKafka

@Suite struct PlanTests {
    private var state = KafkaLog.Partition(index: KafkaIndex(keepsIDs: true), cache: KafkaCache(limit: 1 << 20))
    private var plan = KafkaPlan()

    private func append(_ ids: [String], _ expected: ExpectedRevision = .any, to stream: String = "s") -> KafkaAppend {
        KafkaAppend(
            events: ids.map { NewEvent(id: $0, type: "t") }, stream: stream, expected: expected,
            now: Timestamp(millisecondsSinceEpoch: 0))
    }

    private mutating func decide(_ append: KafkaAppend) -> KafkaPlan.Decision { plan.decide(append, 0, state) }

    private mutating func there(_ ids: [String], at offset: Int64) {
        let record = KafkaRecord(
            stream: "s", events: ids.map { NewEvent(id: $0, type: "t") },
            recordedAt: Timestamp(millisecondsSinceEpoch: 0), hint: nil, foreign: nil)
        state.index.apply(record, at: offset)
    }

    private func conflict(_ decision: KafkaPlan.Decision) -> StoreError.Conflict? {
        if case .answer(.failure(let error)) = decision { error.conflict } else { nil }
    }

    @Test mutating func conditionsLookAtWhatComesBeforeInTheSameTransaction() {
        guard case .write(0) = decide(append(["1"], .noStream)) else { Issue.record("not written"); return }
        let first = decide(append(["2"], .noStream))
        #expect(conflict(first) == .revision(expected: .noStream, actual: 0))
        guard case .write(1) = decide(append(["3", "4"], .exact(0))) else { Issue.record("not written"); return }
        let second = decide(append(["5"], .exact(0)))
        #expect(conflict(second) == .revision(expected: .exact(0), actual: 2))
        guard case .write(2) = decide(append(["6"], .exists)) else { Issue.record("not written"); return }
        #expect(plan.records.count == 3)
    }

    @Test mutating func aRepetitionIsKnownInTheLogAndInTheTransaction() {
        there(["1", "2", "3"], at: 7)
        guard case .answer(.success(let result)) = decide(append(["2", "3"], .noStream)) else {
            Issue.record("not deduplicated")
            return
        }
        #expect(result.isDeduplicated && result.firstRevision == 1 && result.lastRevision == 2)
        #expect(result.position == KafkaPlace(partition: 0, offset: 8, skip: 0).position)
        guard case .write(0) = decide(append(["4", "5"])) else { Issue.record("not written"); return }
        guard case .repeats(0, first: 3, index: 1, count: 2) = decide(append(["4", "5"], .exact(9))) else {
            Issue.record("not deduplicated")
            return
        }
        // Across the end of the log and the start of the transaction.
        guard case .repeats(0, first: 2, index: 0, count: 2) = decide(append(["3", "4"])) else {
            Issue.record("not deduplicated")
            return
        }
    }

    @Test(arguments: [["2", "9"], ["9", "2"], ["2", "1"], ["1", "3"]])
    mutating func aPartialRepetitionIsAConflict(_ ids: [String]) {
        there(["1", "2", "3"], at: 0)
        let third = decide(append(ids))
        #expect(conflict(third) == .partialDuplicate)
        #expect(plan.records.isEmpty)
    }

    @Test mutating func otherStreamsAreOthers() {
        there(["1"], at: 0)
        guard case .write(0) = decide(append(["1"], .noStream, to: "t")) else { Issue.record("not written"); return }
    }

    /// Nothing that is decided there would hold; other streams are none the worse.
    @Test mutating func aStreamWithAGapTakesNoAppend() {
        there(["1"], at: 0)
        state.index.apply(
            KafkaRecord(
                stream: "s", events: [NewEvent(id: "9", type: "t")], recordedAt: Timestamp(millisecondsSinceEpoch: 0),
                hint: KafkaHint(offset: 1, revision: 8), foreign: nil), at: 1)
        guard case .answer(.failure(let error)) = decide(append(["10"])) else { Issue.record("written"); return }
        #expect(error.code == .corrupt && error.applied == .no && !error.isRetryable)
        guard case .write = decide(append(["1"], .noStream, to: "t")) else { Issue.record("not written"); return }
    }

    /// What is between two records of one transaction is somebody else's.
    @Test(arguments: [[], [5], [5, 6, 7]] as [[Int64]])
    func recordsOfATransactionFollowEachOther(_ offsets: [Int64]) {
        #expect(KafkaPlan.follow(offsets))
    }

    @Test(arguments: [[5, 7], [5, 6, 8], [6, 5], [5, 5]] as [[Int64]])
    func aGapBetweenThemIsNoticed(_ offsets: [Int64]) {
        #expect(!KafkaPlan.follow(offsets))
    }
}
