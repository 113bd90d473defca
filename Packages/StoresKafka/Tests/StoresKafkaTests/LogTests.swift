import StoresCore
import Testing

@testable import StoresKafka

/// The log of a topic with holes, as the marks at the ends of transactions make them: a Kafka writes such marks, the
/// peer writes none.
@Suite struct LogTests {
    private let log = KafkaLog(topic: "t", partitions: 1, keepsIDs: true)
    private let answers = Guarded([Result<AppendResult, StoreError>]())

    private func record(_ id: String, in stream: String = "s", hint: KafkaHint? = nil) -> KafkaRecord {
        KafkaRecord(
            stream: stream, events: [NewEvent(id: id, type: "t")], recordedAt: Timestamp(millisecondsSinceEpoch: 0),
            hint: hint, foreign: nil)
    }

    /// As the writer tells of a transaction that it decided on what is known now.
    private func commit(_ offset: Int64, _ ids: String...) -> Bool {
        let written = ids.enumerated().map { index, id in
            (offset + Int64(index), record(id), { result in answers.withLock { $0.append(result) } })
                as KafkaLog.Written
        }
        return log.committed(written, 0, from: log.next(0))
    }

    /// As the producer tells of one that was delivered.
    private func wrote(_ id: String, at offset: Int64) -> Bool {
        let written: [KafkaLog.Written] = [
            (offset, record(id), { result in answers.withLock { $0.append(result) } })
        ]
        return log.wrote(written, 0)
    }

    private var revisions: [Int64?] { answers.withLock { $0 }.map { try? $0.get().lastRevision } }

    /// The third transaction and all later ones were known only after the follower had read them.
    @Test func whatThisProcessCommittedIsKnownAtOnceBeyondMarks() {
        log.with(0) { $0.hasMarkers = true }
        var offset: Int64 = 10
        log.ended(0, 10, from: 0)
        for number in 0..<5 as Range<Int64> {
            let needsFollower = commit(offset, "\(number)")
            #expect(!needsFollower && log.next(0) == offset + 1)
            #expect(revisions.count == Int(number) + 1 && revisions.last == number)
            #expect(log.with(0) { $0.early.isEmpty && $0.wanted == nil })
            // Its mark, too: nothing is to be read before the next one.
            offset += 2
            #expect(log.with(0) { $0.knows(before: offset) })
            #expect(log.with(0) { !$0.knows(before: offset + 1) })
        }
        #expect(log.with(0) { $0.index.streams[KafkaKey("s")]?.last } == 4)
    }

    @Test func recordsOfOneTransactionFollowEachOther() {
        let needsFollower = commit(0, "1", "2", "3")
        #expect(!needsFollower && revisions == [0, 1, 2] && log.next(0) == 3)
        #expect(log.with(0) { $0.transactionEnd } == 3)
    }

    /// Nobody has seen a mark yet: what is between could be anything, and is read.
    @Test func whereNoMarkWasSeenTheOffsetAfterIsNotKnown() {
        _ = commit(0, "1")
        #expect(log.with(0) { !$0.knows(before: 2) })
    }

    @Test func aReaderThatWasFasterThanTheCommitChangesNothing() {
        log.with(0) { $0.hasMarkers = true }
        _ = commit(0, "1")
        let known = log.next(0)
        log.found([(2, record("2"))], 0, from: known)
        log.ended(0, 4, from: 3)
        let written: [KafkaLog.Written] = [
            (2, record("2"), { result in answers.withLock { $0.append(result) } })
        ]
        let needsFollower = log.committed(written, 0, from: known)
        #expect(!needsFollower && revisions == [0, 1] && log.next(0) == 4)
    }

    /// What is early has been written and is not in the index: nothing may be decided without it.
    @Test func decisionsWaitForWhatIsEarly() {
        let needsFollower = wrote("1", at: 7)
        #expect(needsFollower && log.decisive(0) == 8 && log.next(0) == 0)
        log.ended(0, 7, from: 0)
        #expect(revisions == [0] && log.next(0) == 8)
    }

    /// The topic was made anew while the transaction was under way: nothing of it is skipped.
    @Test func aTransactionOfAnotherTopicIsNotSkippedTo() {
        log.ended(0, 10, from: 0)
        let known = log.next(0)
        log.learn(0, KafkaEnds.Ends(low: 0, high: 0, isShorter: true))
        let written: [KafkaLog.Written] = [(10, record("1"), { result in answers.withLock { $0.append(result) } })]
        let needsFollower = log.committed(written, 0, from: known)
        #expect(needsFollower && log.next(0) == 0 && revisions.isEmpty)
    }

    /// All that one answer of a broker tells of, in any order, and beside what others wrote between.
    @Test func reportsThatComeTogetherAreToldInTheOrderOfTheLog() {
        let written = [3, 0, 1, 5].map { offset in
            (Int64(offset), record("\(offset)"), { result in answers.withLock { $0.append(result) } })
                as KafkaLog.Written
        }
        let needsFollower = log.wrote(written, 0)
        #expect(needsFollower && revisions == [0, 1] && log.next(0) == 2, "what comes after 2 waits for it")
        log.found([(2, record("other"))], 0, from: 2)
        #expect(revisions == [0, 1, 3] && log.next(0) == 4)
        log.ended(0, 5, from: 4)
        #expect(revisions == [0, 1, 3, 4] && log.with(0) { $0.early.isEmpty })
    }

    /// The writer of the second knew of an event that retention took: the first is one later than it seemed.
    @Test func aRecordThatTellsOfLostEventsCorrectsThoseThatWereReadWithIt() {
        let log = KafkaLog(topic: "t", partitions: 1, keepsIDs: false)
        log.learn(0, KafkaEnds.Ends(low: 100, high: 103))
        let records: [(offset: Int64, record: KafkaRecord)] = [
            (100, record("100", hint: KafkaHint(offset: 98, revision: 40))),
            (101, record("101", hint: KafkaHint(offset: 101, revision: 42))), (102, record("102")),
        ]
        let revisions = log.learn(records, 0, from: 100, until: 103)
        #expect(revisions == [41, 42, 43])
        #expect(log.learn(records, 0, from: 100, until: 103) == revisions, "as it is told later")
    }

    @Test func whoWaitsForWhatCannotBeReadIsTold() {
        let reached = Guarded([StoreError.Code?]())
        let error = StoreError(.permissionDenied, "no", applied: .no)
        _ = wrote("1", at: 7)
        let ids = [
            log.whenKnown(0, before: 9) { result in reached.withLock { $0.append(result.failure?.code) } },
            log.whenAny(0, from: 9) { result in reached.withLock { $0.append(result.failure?.code) } },
        ]
        #expect(!ids.contains(nil))
        log.fail(0, error)
        #expect(reached.withLock { $0 } == [.permissionDenied, .permissionDenied])
        #expect(answers.withLock { $0 }.first?.failure?.applied == .yes, "the append itself was written")
        #expect(log.with(0) { $0.wanted == nil })
    }
}

extension Result {
    fileprivate var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}
