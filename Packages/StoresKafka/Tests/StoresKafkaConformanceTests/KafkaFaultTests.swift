import Foundation
import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

extension KafkaServerTests {
    /// Brokers and networks that fail, on the peer, which can be told to.
    @Suite(.enabled(if: KafkaServer.peer != nil, "KAFKA_PEER names no peer, which alone can be told to fail"))
    struct FaultTests {
        private let peer: KafkaPeer

        init() throws {
            peer = try #require(KafkaServer.peer)
        }

        private func with(_ more: [String: String] = [:], _ body: (Stores) async throws -> Void) async throws {
            try await KafkaServer.fresh(more).withStores { try await body($0) }
        }

        private func event(_ id: String, bytes: Int = 0) -> NewEvent {
            NewEvent(id: id, type: "t", data: [UInt8](repeating: 7, count: bytes))
        }

        @Test func brokersThatWereAwayHaveWhatTheyAcknowledged() async throws {
            try await with { stores in
                try await stores.event.append([event("1")], to: "s", expected: .any)
                try peer.send("down")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append(
                        [event("2")], to: "s", expected: .any, deadline: .after(.milliseconds(300)))
                }
                #expect(error?.code == .timeout && error?.applied == .unknown, "\(String(reflecting: error))")
                let unread = await #expect(throws: StoreError.self) {
                    _ = try await stores.event.read("s", deadline: .after(.milliseconds(300)))
                }
                #expect(unread?.isRetryable == true, "\(String(reflecting: unread))")
                try peer.send("up")
                try await stores.event.append([event("3")], to: "s", expected: .any)
                let ids = try await stores.event.read("s").events.map(\.id)
                #expect(ids == ["1", "2", "3"], "the second was still on its way: \(ids)")
            }
        }

        @Test func aSubscriptionGoesOnAfterTheBrokersWereAway() async throws {
            try await with { stores in
                try await stores.event.append([event("1")], to: "s", expected: .any)
                var events = try stores.event.subscribe(from: .start).makeAsyncIterator()
                #expect(try await events.next().flatMap(id) == "1")
                #expect(try await events.next() == .caughtUp)
                try peer.send("down")
                async let next = events.next()
                async let appended = stores.event.append([event("2")], to: "s", expected: .any)
                await #expect(throws: StoreError.self, "the brokers are away") {
                    _ = try await stores.event.read("s", deadline: .after(.milliseconds(300)))
                }
                try peer.send("up")
                #expect(try await appended.lastRevision == 1)
                #expect(try await next.flatMap(id) == "2")
            }
        }

        private func id(_ element: SubscriptionElement) -> String? {
            if case .event(let event) = element { event.id } else { nil }
        }

        @Test func noBrokerAtStartIsSaidWithinThreeSeconds() async throws {
            let start = ContinuousClock.now
            let settings = [
                "KAFKA_BROKERS": "127.0.0.1:1", "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext",
                "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "u", "KAFKA_SASL_PASSWORD": "secret-4711",
            ]
            let error = await #expect(throws: (any Error).self) {
                try await KafkaServer.server(settings).withStores { _ in }
            }
            #expect(ContinuousClock.now - start < .seconds(4))
            let text = error.map { "\($0)" } ?? ""
            #expect(text.contains("KAFKA_BROKERS") && text.contains("docker compose"), "\(text)")
            #expect(!text.contains("4711") && !String(reflecting: error).contains("4711"))
        }

        @Test func aFullQueueHoldsAppendsBackAndLosesNone() async throws {
            try await with(["KAFKA_QUEUE_MESSAGES": "3"]) { stores in
                try peer.send("delay 20")
                defer { try? peer.send("delay 0") }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<60 {
                        group.addTask {
                            try await stores.event.append([event("\(number)")], to: "s", expected: .any)
                        }
                    }
                    try await group.waitForAll()
                }
                try peer.send("delay 0")
                #expect(Set(try await stores.event.read("s").events.map(\.id)).count == 60)
            }
        }

        @Test func whoWaitsForRoomBeyondItsDeadlineHasAppendedNothing() async throws {
            try await with(["KAFKA_QUEUE_MESSAGES": "1"]) { stores in
                try peer.send("delay 600")
                defer { try? peer.send("delay 0") }
                async let first = stores.event.append([event("1")], to: "s", expected: .any)
                var late: String?
                // One that comes before the first takes the room itself; then the next has to wait.
                for attempt in 0..<5 where late == nil {
                    let error = await #expect(throws: StoreError.self) {
                        try await stores.event.append(
                            [event("late")], to: "other\(attempt)", expected: .any,
                            deadline: .after(.milliseconds(100)))
                    }
                    #expect(error?.code == .timeout)
                    if error?.applied == .no { late = "other\(attempt)" }
                }
                let stream = try #require(late, "none waited for room")
                _ = try await first
                try peer.send("delay 0")
                #expect(try await !stores.event.read(stream).exists)
            }
        }

        @Test func whatIsTooLargeIsRefusedHereAndByTheBroker() async throws {
            try await with { stores in
                let large = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("1", bytes: 1_000_000)], to: "s", expected: .any)
                }
                #expect(large?.code == .tooLarge && large?.applied != .unknown)
                // 0 is Produce, 10 is MSG_SIZE_TOO_LARGE.
                try peer.send("fail 0 1 10")
                let refused = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("2")], to: "s", expected: .any)
                }
                #expect(refused?.code == .tooLarge && refused?.applied == .no, "\(String(reflecting: refused))")
                try await stores.event.append([event("3", bytes: 900_000)], to: "s", expected: .any)
                #expect(try await stores.event.read("s").events.map(\.id) == ["3"])
            }
        }

        /// The brokers have the record, and what comes before it can't be read: its revision is not known in time.
        @Test func anAppendThatIsDeliveredIsLeftAtItsDeadlineAndOnCancellation() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            let settings = ["KAFKA_TOPIC": topic]
            try await KafkaServer.fresh(settings).withStores { stores in
                // After this one has asked where the topic ends.
                try await KafkaServer.fresh(settings).withStores { other in
                    _ = try await other.event.append([event("1")], to: "s", expected: .any)
                }
                // Fetch, NOT_LEADER_FOR_PARTITION
                try peer.send("fail 1 10000 6")
                defer { try? peer.send("clear 1") }
                let start = ContinuousClock.now
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append(
                        [event("2")], to: "s", expected: .any, deadline: .after(.milliseconds(500)))
                }
                #expect(ContinuousClock.now - start < .seconds(2))
                #expect(error?.code == .timeout && error?.applied == .yes, "\(String(reflecting: error))")
                let call = Task { try await stores.event.append([event("3")], to: "s", expected: .any) }
                let log = try await stores.event.withNative(KafkaTopic.self) { try $0.connection.running().log }
                while log.with(0, { $0.early.count < 2 }), ContinuousClock.now - start < .seconds(10) {
                    await Task.yield()
                }
                call.cancel()
                let cancelled = await #expect(throws: StoreError.self) { try await call.value }
                #expect(cancelled?.code == .cancelled && cancelled?.applied == .yes, "\(String(reflecting: cancelled))")
                try peer.send("clear 1")
                #expect(try await stores.event.append([event("4")], to: "s", expected: .any).lastRevision == 3)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "2", "3", "4"])
            }
        }

        @Test func aTopicThatIsMissingIsSaidAtTheStartWhereNothingMayBeMade() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            // UNKNOWN_TOPIC_OR_PART
            try peer.send("error \(topic) 3")
            let error = await #expect(throws: StoreError.self) {
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores(["STORE_SCHEMA": "verify"]) { _ in }
            }
            #expect("\(String(describing: error))".contains("does not exist"))
            #expect("\(String(describing: error))".contains("STORE_SCHEMA=create"))
        }

        /// UNKNOWN_TOPIC_OR_PART while the stores are open, as for a topic that is being moved or was deleted: the
        /// error says so, and nothing that was acknowledged is lost when it is back.
        @Test func aTopicThatVanishesIsSaidAndGoesOnWhenItIsBack() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            defer { try? peer.send("clear 2") }
            try await with(["KAFKA_TOPIC": topic]) { stores in
                try await stores.event.append([event("1")], to: "s", expected: .any)
                // ListOffsets, which a read begins with.
                try peer.send("fail 2 1000 3")
                let unread = await #expect(throws: StoreError.self) {
                    _ = try await stores.event.readAll(deadline: .after(.seconds(20)))
                }
                #expect(unread?.code == .notFound || unread?.code == .unavailable, "\(String(reflecting: unread))")
                #expect(unread?.resource == topic, "\(String(reflecting: unread))")
                try peer.send("clear 2")
                try await stores.event.append([event("2")], to: "s", expected: .any)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "2"])
            }
        }

        @Test func anotherNumberOfPartitionsIsAMismatch() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 3")
            let error = await #expect(throws: StoreError.self) {
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic, "KAFKA_PARTITIONS": "1"]).withStores { _ in }
            }
            #expect("\(String(describing: error))".contains("3 partitions, not 1"))
        }

        @Test func whatTheUserMayNotDoIsSaid() async throws {
            try await with { stores in
                // TOPIC_AUTHORIZATION_FAILED
                try peer.send("fail 0 1 29")
                let error = await #expect(throws: StoreError.self) {
                    try await stores.event.append([event("1")], to: "s", expected: .any)
                }
                #expect(error?.code == .permissionDenied && error?.applied == .no, "\(String(reflecting: error))")
                #expect(try await !stores.event.read("s").exists)
            }
        }

        /// Who may write and not read is told so, and does not wait for his deadline.
        @Test func whoMayNotReadIsTold() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            let settings = ["KAFKA_TOPIC": topic]
            try await KafkaServer.fresh(settings).withStores { stores in
                _ = try await stores.event.append([event("1")], to: "s", expected: .any)
            }
            try await KafkaServer.fresh(settings).withStores { stores in
                // Fetch, TOPIC_AUTHORIZATION_FAILED
                try peer.send("fail 1 1 29")
                let error = await #expect(throws: StoreError.self) { _ = try await stores.event.read("s") }
                #expect(error?.code == .permissionDenied, "\(String(reflecting: error))")
                #expect(try await stores.event.read("s").events.map(\.id) == ["1"], "once he may")
            }
        }

        @Test func aSilentBrokerIsLeftAtTheDeadlineAndOnCancellation() async throws {
            try await with { stores in
                try await stores.event.append([event("1")], to: "s", expected: .any)
                try peer.send("delay 3000")
                defer { try? peer.send("delay 0") }
                let start = ContinuousClock.now
                let error = await #expect(throws: StoreError.self) {
                    _ = try await stores.event.read("s", deadline: .after(.milliseconds(300)))
                }
                #expect(error?.code == .timeout && ContinuousClock.now - start < .seconds(2))
                let begin = ContinuousClock.now
                let call = Task { try await stores.event.append([event("2")], to: "s", expected: .any) }
                call.cancel()
                let cancelled = await #expect(throws: StoreError.self) { try await call.value }
                #expect(cancelled?.code == .cancelled && ContinuousClock.now - begin < .seconds(2))
            }
        }

        /// The subscriber does not pull while thousands of events come: they stay with the broker.
        @Test func aReaderThatStallsMissesNothing() async throws {
            try await with { stores in
                var events = try stores.event.subscribe(from: .start, batch: 50).makeAsyncIterator()
                #expect(try await events.next() == .caughtUp)
                for batch in 0..<20 {
                    let some = (0..<100).map { event("\(batch * 100 + $0)", bytes: 100) }
                    try await stores.event.append(some, to: "s\(batch % 3)", expected: .any)
                }
                var ids: [String] = []
                while ids.count < 2000, let element = try await events.next() {
                    if let id = id(element) { ids.append(id) }
                }
                #expect(ids == (0..<2000).map(String.init))
            }
        }

        @Test(
            .enabled(
                if: KafkaServer.environment["BACKEND_SERVICES"] != nil, "BACKEND_SERVICES names no scripts/services"))
        func aTopicThatBeganAnewIsReadAnew() async throws {
            let topic = ServerUnderTest.freshName()
            try peer.send("create \(topic) 1")
            try await KafkaServer.fresh(["KAFKA_TOPIC": topic, "KAFKA_DELIVERY_TIMEOUT": "2s"]).withStores { stores in
                for number in 0..<5 { try await stores.event.append([event("\(number)")], to: "s", expected: .any) }
                // The peer keeps nothing: its topics begin anew.
                try services("kill")
                try services("start")
                // Refused where the store made it by asking for it: with four partitions, of which it knows the first.
                try? peer.send("create \(topic) 1")
                var ids: [String] = []
                for attempt in 0..<40 where ids.isEmpty {
                    do {
                        try await stores.event.append(
                            [event("again \(attempt)")], to: "s", expected: .any, deadline: .after(.seconds(4)))
                    } catch let error as StoreError {
                        #expect(error.code == .unavailable || error.code == .timeout, "\(String(reflecting: error))")
                    }
                    ids = (try? await stores.event.read("s", deadline: .after(.seconds(4))).events.map(\.id)) ?? []
                }
                #expect(ids.first?.hasPrefix("again") == true, "\(ids)")
                #expect(try await stores.event.read("s").events.first?.revision == 0)
            }
        }

        /// Everything that librdkafka hands out is given back: the memory of a long run does not grow.
        @Test func aLongRunDoesNotGrow() async throws {
            try await with { stores in
                func work(_ rounds: Range<Int>) async throws {
                    for round in rounds {
                        try await stores.event.append(
                            [event("\(round)", bytes: 200)], to: "s\(round % 9)", expected: .any)
                        _ = try await stores.event.read("s\(round % 9)", direction: .backward, limit: 3)
                        _ = try await stores.event.readAll(limit: 5)
                        // Long enough to come to the client's queue, and mostly too short for the answer.
                        guard round % 10 == 0 else { continue }
                        _ = try? await stores.event.append(
                            [event("large", bytes: 100_000)], to: "s", expected: .any,
                            deadline: .after(.milliseconds(1)))
                    }
                }
                try await work(0..<300)
                let before = try resident()
                try await work(300..<1200)
                let grown = try resident() - before
                #expect(grown < 12 << 20, "the process grew by \(grown) bytes")
            }
        }

        private func resident() throws -> Int {
            let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
            return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
        }

        private func services(_ verb: String) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: KafkaServer.environment["BACKEND_SERVICES"] ?? "")
            process.arguments = [verb, "kafka-peer"]
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }
}
