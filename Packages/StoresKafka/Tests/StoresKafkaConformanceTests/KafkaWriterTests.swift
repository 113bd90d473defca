import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

extension KafkaServerTests {
    /// Single-writer mode beyond the contracts. The peer fences nobody, so it is told to refuse as a Kafka would.
    @Suite(.enabled(if: KafkaServer.peer != nil, "KAFKA_PEER names no peer, which alone can be told to refuse"))
    struct WriterTests {
        private let peer: KafkaPeer

        init() throws {
            peer = try #require(KafkaServer.peer)
        }

        private func writer(_ topic: String? = nil) throws -> ServerUnderTest {
            var settings = ["KAFKA_EVENT_MODE": "single-writer"]
            settings["KAFKA_TOPIC"] = topic
            return try KafkaServer.fresh(settings)
        }

        private func event(_ id: String) -> NewEvent { NewEvent(id: id, type: "t") }

        /// AddPartitionsToTxn (24) comes before the first record: a fenced writer's append leaves nothing.
        @Test(arguments: [47, 90])
        func aFencedWriterFailsAndLeavesNothing(_ code: Int) async throws {
            try await writer().withStores { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try peer.send("fail 24 1 \(code)")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                }
                #expect(error?.code == .preconditionFailed && error?.applied == .no, "\(String(reflecting: error))")
                #expect(error?.isRetryable == false)
                let again = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("3")], to: "s", expected: .any)
                }
                #expect(again?.code == .preconditionFailed, "\(String(reflecting: again))")
                #expect(try await stores.event.read("s").events.map(\.id) == ["1"], "reading goes on")
                #expect(try await stores.event.ping().details["warning"] != nil)
            }
        }

        /// EndTxn (26): the records are there, and only a real Kafka hides them; what is asserted is the answer.
        @Test func aWriterThatIsFencedAtTheEndIsToldSo() async throws {
            try await writer().withStores { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try peer.send("fail 26 1 47")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                }
                #expect(error?.code == .preconditionFailed, "\(String(reflecting: error))")
                // The end may have been taken before; what comes later is not written for certain.
                #expect(error?.applied == .unknown, "\(String(reflecting: error))")
                let again = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("3")], to: "s", expected: .any)
                }
                #expect(again?.code == .preconditionFailed && again?.applied == .no, "\(String(reflecting: again))")
            }
        }

        /// Whom the brokers let write although he should not: noticed before the transaction ends.
        @Test func aSecondWriterIsNoticed() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            try await writer(topic).withStores { first in
                try await first.event.append([event("1")], to: "s", expected: .noStream)
                try await writer(topic).withStores { second in
                    let result = try await second.event.append([event("2")], to: "s", expected: .exact(0))
                    #expect(result.lastRevision == 1, "the successor has read what there was")
                    let repeated = try await second.event.append([event("1")], to: "s", expected: .any)
                    #expect(repeated.isDeduplicated && repeated.lastRevision == 0)
                    let error = await #expect(throws: StoreError.self) {
                        try await first.event.append([event("3")], to: "s", expected: .exact(0))
                    }
                    #expect(error?.code == .preconditionFailed, "\(String(reflecting: error))")
                    let again = await #expect(throws: StoreError.self) {
                        try await first.event.append([event("4")], to: "other", expected: .any)
                    }
                    #expect(again?.code == .preconditionFailed, "\(String(reflecting: again))")
                    #expect(try await first.event.read("s").events.map(\.id).prefix(2) == ["1", "2"])
                }
            }
        }

        /// A transaction that the brokers end, not the writer, is given up; what comes after it goes on.
        @Test func aTransactionThatFailsIsGivenUpWhole() async throws {
            try await writer().withStores { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                // MSG_SIZE_TOO_LARGE for the only record of the transaction.
                try peer.send("fail 0 1 10")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("2")], to: "s", expected: .exact(0))
                }
                #expect(error?.code == .tooLarge && error?.applied == .no, "\(String(reflecting: error))")
                let result = try await stores.event.append([event("3")], to: "s", expected: .exact(0))
                #expect(result.lastRevision == 1)
            }
        }

        /// Two requests are refused: at most one append is alone in its transaction each time, or tried alone.
        @Test func oneRefusedRecordDoesNotFailTheOthers() async throws {
            try await writer().withStores { stores in
                try await stores.event.append([event("first")], to: "s", expected: .noStream)
                // While the first transaction is under way the others gather.
                try peer.send("delay 100")
                defer { try? peer.send("delay 0") }
                try peer.send("fail 0 2 10")
                let refused = await withTaskGroup(of: StoreError?.self) { group in
                    for number in 0..<20 {
                        group.addTask {
                            do throws(StoreError) {
                                try await stores.event.append([event("\(number)")], to: "s", expected: .any)
                                return nil
                            } catch {
                                return error
                            }
                        }
                    }
                    return await group.reduce(into: [StoreError]()) { $0 += $1.map { [$0] } ?? [] }
                }
                #expect(refused.map(\.code) == [.tooLarge], "\(refused)")
                try peer.send("delay 0")
                // The peer does not hide what was given up: who starts anew sees it, this process does not count it.
                let next = try await stores.event.append([event("next")], to: "s", expected: .exact(19))
                #expect(next.lastRevision == 20)
            }
        }

        /// The coordinator of the transaction puts its end off (EndTxn, COORDINATOR_LOAD_IN_PROGRESS) for longer than
        /// anybody waits.
        @Test func aShutdownDoesNotWaitForAnEndThatHangs() async throws {
            defer { try? peer.send("clear 26") }
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            var begin = ContinuousClock.now
            try await writer(topic).withStores { stores in
                try await stores.event.append([event("1")], to: "s", expected: .noStream)
                try peer.send("fail 26 10000 14")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append(
                        [event("2")], to: "s", expected: .exact(0), deadline: .after(.seconds(1)))
                }
                #expect(error?.code == .timeout && error?.applied == .unknown, "\(String(reflecting: error))")
                // One that waits behind it has not begun, and is told so.
                let behind = await #expect(throws: StoreError.self) {
                    try await stores.event.append(
                        [event("3")], to: "s", expected: .any, deadline: .after(.milliseconds(200)))
                }
                #expect(behind?.applied == .no, "\(String(reflecting: behind))")
                begin = .now
            }
            #expect(ContinuousClock.now - begin < .seconds(8), "nobody ends the transaction")
            try peer.send("clear 26")
            try await writer(topic).withStores { stores in
                // The peer shows what a Kafka would hide: the record is there, and nothing of the third.
                let result = try await stores.event.append([event("4")], to: "s", expected: .exists)
                #expect(result.lastRevision >= 1)
                let ids = try await stores.event.read("s").events.map(\.id)
                #expect(ids.first == "1" && ids.last == "4" && !ids.contains("3"), "\(ids)")
            }
        }

        /// A record whose writer knew of more events than the log has: some were deleted. Conditions would be decided
        /// on a wrong count.
        @Test func aGapInTheLogIsFoundAtTheStart() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            try await writer(topic).withStores { stores in
                _ = try await stores.event.append([event("1")], to: "s", expected: .noStream)
            }
            try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores { stores in
                try await stores.event.withNative(KafkaTopic.self) { native in
                    let record = KafkaRecord(
                        stream: "s", events: [event("5")], recordedAt: Timestamp(millisecondsSinceEpoch: 0),
                        hint: KafkaHint(offset: 1, revision: 4), foreign: nil)
                    _ = try await native.connection.running().producer.append(
                        KafkaEncodedRecord(record), 0, until: .after(.seconds(10)))
                }
            }
            try await writer(topic).withStores { stores in
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("6")], to: "s", expected: .any)
                }
                #expect(error?.code == .corrupt && error?.applied == .no, "\(String(reflecting: error))")
                try await stores.event.append([event("1")], to: "other", expected: .noStream)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "5"], "what is there is read")
            }
        }

        @Test func manyTasksShareTransactionsAndEachGetsItsAnswer() async throws {
            try await writer().withStores { stores in
                try await withThrowingTaskGroup(of: AppendResult.self) { group in
                    for number in 0..<300 {
                        group.addTask {
                            try await stores.event.append(
                                [event("\(number % 150)")], to: "s\(number % 150 % 7)", expected: .any)
                        }
                    }
                    var deduplicated = 0
                    for try await result in group where result.isDeduplicated { deduplicated += 1 }
                    #expect(deduplicated == 150)
                }
                var total = 0
                for stream in 0..<7 {
                    let events = try await stores.event.read("s\(stream)").events
                    #expect(events.map(\.revision) == (0..<Int64(events.count)).map { $0 })
                    total += events.count
                }
                #expect(total == 150)
            }
        }
    }
}
