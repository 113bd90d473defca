import Foundation
import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

/// confluent-kafka, on the topic of the test that calls it: its name is the argument.
private let python = PythonClient(
    """
    import os, struct, confluent_kafka as ck
    brokers, topic = os.environ["KAFKA_BROKERS"], sys.argv[1]
    def consume(count):
        consumer = ck.Consumer({"bootstrap.servers": brokers, "group.id": "g-" + topic,
            "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        consumer.assign([ck.TopicPartition(topic, 0, 0)])
        found = []
        while len(found) < count:
            message = consumer.poll(20)
            if message is None: sys.exit("no message")
            if message.error() is None: found.append(message)
        consumer.close()
        return found
    def produce(*messages):
        producer = ck.Producer({"bootstrap.servers": brokers})
        for key, value, headers in messages:
            producer.produce(topic, key=key, value=value, headers=headers, partition=0)
        if producer.flush(20): sys.exit("not delivered")
    """, environment: KafkaServer.environment)

extension KafkaServerTests {
    /// What is in the topic: read by another client, and written by one with other habits.
    @Suite struct DataTests {
        private func with(
            _ more: [String: String] = [:], _ body: (Stores, _ topic: String) async throws -> Void
        ) async throws {
            let topic = ServerUnderTest.freshName()
            try KafkaServer.peer?.send("create \(topic) 1")
            try await KafkaServer.fresh(more.merging(["KAFKA_TOPIC": topic]) { $1 }).withStores {
                try await body($0, topic)
            }
        }

        private static let one = NewEvent(
            id: "é1", type: "t", data: [1, 0, 255], contentType: "application/octet-stream", metadata: ["k x": "v"])

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with confluent-kafka"))
        func anotherClientReadsWhatWasWritten() async throws {
            try await with { stores, topic in
                try await stores.event.append([Self.one], to: "order/7", expected: .any)
                try await stores.event.append(
                    [NewEvent(id: "2", type: "t", data: [9]), NewEvent(id: "3", type: "u", metadata: ["a": "b"])],
                    to: "order/7", expected: .any)
                let found = try #require(python).value(
                    of:
                        """
                        one, two = consume(2)
                        headers = {name: value.decode() for name, value in one.headers()}
                        value, at, texts = two.value(), 0, []
                        def number():
                            global at
                            at += 4
                            return struct.unpack(">I", value[at - 4:at])[0]
                        def part():
                            global at
                            size = number()
                            at += size
                            return value[at - size:at]
                        for _ in range(int(dict(two.headers())["events"])):
                            event = [part().decode(), part().decode(), part().decode(),
                                [[part().decode(), part().decode()] for _ in range(number())], list(part())]
                            texts.append(event)
                        print(json.dumps([one.key().decode(), list(one.value()), headers["id"], headers["type"],
                            headers["content-type"], headers["meta.k x"], headers["time"].isdigit(),
                            headers["after"], texts]))
                        """, [topic])
                let wanted: Value = [
                    "order/7", [1, 0, 255], "é1", "t", "application/octet-stream", "v", true, "0:0",
                    [["2", "t", "application/json", [], [9]], ["3", "u", "application/json", [["a", "b"]], []]],
                ]
                #expect(found == wanted, "\(found)")
            }
        }

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with confluent-kafka"))
        func whatAnotherClientWritesIsRead() async throws {
            try await with { stores, topic in
                try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .any)
                let done = try #require(python).value(
                    of:
                        """
                        frames = b"".join(struct.pack(">I", len(part)) + part for part in [b"3", b"t", b"c/t"]) \\
                            + struct.pack(">I", 1) + b"".join(
                                struct.pack(">I", len(part)) + part for part in [b"k", b"v", b"data"])
                        produce(("s", b"{}", {"id": "2", "type": "python", "meta.k": "v", "time": "1234"}),
                            ("s", frames, {"events": "1"}))
                        print("true")
                        """, [topic])
                #expect(done == true)
                let result = try await stores.event.append([NewEvent(id: "4", type: "t")], to: "s", expected: .any)
                #expect(result.firstRevision == 3, "what came between is counted")
                let events = try await stores.event.read("s").events
                #expect(events.map(\.id) == ["1", "2", "3", "4"] && events.map(\.revision) == [0, 1, 2, 3])
                #expect(events[1].event.metadata == ["k": "v"] && events[1].type == "python")
                #expect(events[1].recordedAt == Timestamp(millisecondsSinceEpoch: 1234))
                #expect(events[2].event.contentType == "c/t" && events[2].data == Array("data".utf8))
                #expect(try await stores.event.readAll().events == events)
            }
        }

        private static let poison = """
            produce((None, b"no key", None), ("bad", b"x", {"id": "1"}), ("bad", b"x", {"events": "3"}),
                (b"\\xff\\xfe", b"x", {"id": "1", "type": "t"}), ("bad", None, None))
            print("true")
            """

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with confluent-kafka"))
        func recordsOfOthersAreRefusedAndHarmNothingElse() async throws {
            try await with { stores, topic in
                try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .any)
                _ = try #require(python).value(of: Self.poison, [topic])
                try await stores.event.append([NewEvent(id: "2", type: "t")], to: "s", expected: .any)
                #expect(try await stores.event.read("s").events.map(\.id) == ["1", "2"])
                let refused = await #expect(throws: StoreError.self) { _ = try await stores.event.read("bad") }
                #expect(refused?.code == .corrupt)
                // What comes before it is delivered, then the error.
                let before = try await stores.event.readAll()
                #expect(before.events.map(\.id) == ["1"] && !before.isAtEnd)
                let error = await #expect(throws: StoreError.self) {
                    _ = try await stores.event.readAll(after: before.next)
                }
                #expect(error?.code == .corrupt)
                let text = error.map { "\($0)" } ?? ""
                // By one who has to fetch it, too.
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores { other in
                    let fetched = try await other.event.readAll()
                    #expect(fetched.events == before.events && !fetched.isAtEnd)
                    let again = await #expect(throws: StoreError.self) {
                        _ = try await other.event.readAll(after: fetched.next)
                    }
                    #expect(again?.code == .corrupt)
                }
                #expect(text.contains("offset 1 of partition 0") && text.contains("KAFKA_FOREIGN_RECORDS=skip"))
                #expect(!text.contains("no key"), "no content is shown")
            }
        }

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with confluent-kafka"))
        func recordsOfOthersArePassedOverWhereThatIsWanted() async throws {
            try await with(["KAFKA_FOREIGN_RECORDS": "skip"]) { stores, topic in
                try await stores.event.append([NewEvent(id: "1", type: "t")], to: "s", expected: .any)
                _ = try #require(python).value(of: Self.poison, [topic])
                try await stores.event.append([NewEvent(id: "2", type: "t")], to: "s", expected: .any)
                let all = try await stores.event.readAll()
                #expect(all.events.map(\.id) == ["1", "2"] && all.isAtEnd)
                #expect(try await !stores.event.read("bad").exists)
            }
        }

        /// The peer drops what is older than the newest 5 MiB of a partition.
        @Test(.enabled(if: KafkaServer.peer != nil, "a real Kafka drops by segments of its own size and time"))
        func revisionsOutliveWhatRetentionDropped() async throws {
            try await with { stores, topic in
                let gone = try await stores.event.append([NewEvent(id: "gone", type: "t")], to: "old", expected: .any)
                let data = [UInt8](repeating: 1, count: 100_000)
                for number in 0..<70 {
                    try await stores.event.append(
                        [NewEvent(id: "\(number)", type: "t", data: data)], to: "s", expected: .any)
                }
                let known = try await stores.event.read("s", limit: 200)
                try #require(known.oldestRevision > 0)
                #expect(known.events.map(\.revision) == Array(known.oldestRevision...69))
                #expect(known.events.map(\.id) == (known.oldestRevision...69).map(String.init))
                let error = await #expect(throws: StoreError.self) { _ = try await stores.event.read("s", from: 0) }
                #expect(error?.code == .notFound)
                #expect(error.map { "\($0)" }?.contains("the oldest is \(known.oldestRevision)") == true)
                // Who starts now has never seen what is gone, and counts the same.
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores { later in
                    let read = try await later.event.read("s", limit: 200)
                    #expect(read == known)
                    let result = try await later.event.append([NewEvent(id: "70", type: "t")], to: "s", expected: .any)
                    #expect(result.lastRevision == 70)
                    #expect(try await later.event.readAll(limit: 1).events.first?.revision == known.oldestRevision)
                    // Where positions lead to what is not there, that is said, and nothing is passed over in silence.
                    for position in [gone.position, Position(0, 10_000, 0)] {
                        let lost = await #expect(throws: StoreError.self) {
                            _ = try await later.event.readAll(after: position)
                        }
                        #expect(lost?.code == .notFound, "\(String(reflecting: lost))")
                    }
                }
                // Also where its first call is an append, and where it follows the topic from its start.
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores { later in
                    let result = try await later.event.append([NewEvent(id: "71", type: "t")], to: "s", expected: .any)
                    #expect(result.lastRevision == 71)
                }
                let back = try await stores.event.read("s", direction: .backward, limit: 2)
                #expect(back.events.map(\.revision) == [71, 70])
            }
        }

        /// What was not written a moment ago is fetched: far more than is kept in memory, by one who has just opened.
        @Test func whatIsNotInMemoryIsFetched() async throws {
            try await with { stores, topic in
                for batch in 0..<10 {
                    let events = (0..<100).map { NewEvent(id: "\(batch * 100 + $0)", type: "t", data: [UInt8($0)]) }
                    try await stores.event.append(events, to: "s\(batch % 2)", expected: .any)
                }
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic]).withStores { other in
                    var ids: [String] = []
                    var next: Position?
                    repeat {
                        let slice = try await other.event.readAll(after: next, limit: 70)
                        ids += slice.events.map(\.id)
                        next = slice.next
                        if slice.isAtEnd { break }
                    } while true
                    #expect(ids == (0..<1000).map(String.init))
                    let middle = try await other.event.read("s1", from: 150, limit: 120)
                    #expect(middle.events.map(\.revision) == Array(150..<270))
                }
            }
        }
    }
}
