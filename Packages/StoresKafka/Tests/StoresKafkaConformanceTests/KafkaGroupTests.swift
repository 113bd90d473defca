import Dispatch
import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

/// confluent-kafka, on the topic of the test that calls it: its name is the argument.
private let python = PythonClient(
    """
    import os, confluent_kafka as ck
    consumer = ck.Consumer({"bootstrap.servers": os.environ["KAFKA_BROKERS"], "group.id": "g",
        "enable.auto.commit": False, "session.timeout.ms": 3000, "heartbeat.interval.ms": 200})
    """, environment: KafkaServer.environment)

/// What members read, each in a task of its own.
private final class Members: Sendable {
    struct State {
        var assigned: [String: Set<Int>] = [:]
        var seen: [String: [RecordedEvent]] = [:]
        var caughtUp: Set<String> = []
    }

    private let state = Guarded(State())
    private let changes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// Reads until it is cancelled, and stores each checkpoint that the brokers take.
    func read(_ topic: KafkaTopic, as name: String, batch: Int = 10) async throws {
        do {
            for try await element in try topic.subscribe(group: "g", batch: batch) {
                switch element {
                case .assigned(let partitions):
                    state.withLock { state in
                        state.assigned[name] = partitions
                        state.caughtUp.remove(name)
                    }
                case .event(let event): state.withLock { $0.seen[name, default: []].append(event) }
                case .caughtUp: state.withLock { _ = $0.caughtUp.insert(name) }
                case .checkpoint(let checkpoint): try await checkpoint.storeWhereTaken()
                }
                changes.continuation.yield()
            }
        } catch {
            guard error.code == .cancelled else {
                changes.continuation.finish()
                throw error
            }
        }
    }

    /// What is there once the condition holds.
    func when(_ condition: (State) -> Bool) async -> State {
        var now = state.withLock { $0 }
        var changes = changes.stream.makeAsyncIterator()
        while !condition(now), await changes.next() != nil { now = state.withLock { $0 } }
        return now
    }
}

extension KafkaGroupCheckpoint {
    /// The peer takes none while it shares out anew.
    fileprivate func storeWhereTaken() async throws(StoreError) {
        do throws(StoreError) {
            try await store()
        } catch {
            guard error.code == .preconditionFailed else { throw error }
        }
    }
}

extension Members.State {
    func ids(_ name: String) -> Set<String> { Set(seen[name, default: []].map(\.id)) }
}

extension KafkaServerTests {
    /// Members of a group, among which brokers share out the partitions.
    @Suite(.timeLimit(.minutes(2))) struct GroupTests {
        private static let partitions = 4
        /// Members that are silent are missed soon, and the peer shares out anew a second before that.
        private static let options = "fetch.wait.max.ms=10;session.timeout.ms=3000;heartbeat.interval.ms=200"

        private func server(_ topic: String? = nil, _ options: String = options) throws -> ServerUnderTest {
            var settings = ["KAFKA_OPTIONS": options]
            settings["KAFKA_TOPIC"] = topic
            return try KafkaServer.fresh(settings, partitions: Self.partitions)
        }

        private func append(_ stores: Stores, _ numbers: Range<Int>) async throws {
            for number in numbers {
                try await stores.event.append(
                    [NewEvent(id: "\(number)", type: "t"), NewEvent(id: "\(number)b", type: "t")],
                    to: "s\(number % 23)", expected: .any)
            }
        }

        private func ids(_ numbers: Range<Int>) -> Set<String> { Set(numbers.flatMap { ["\($0)", "\($0)b"] }) }

        /// A member reads beside the body, and leaves at its end.
        private func reading(_ topic: KafkaTopic, as name: String, _ body: (Members) async throws -> Void) async throws
        {
            let members = Members()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await members.read(topic, as: name) }
                try await body(members)
                tasks.cancelAll()
                try await tasks.waitForAll()
            }
        }

        private func topic(of stores: Stores) async throws -> KafkaTopic {
            try await stores.event.withNative(KafkaTopic.self) { $0 }
        }

        @Test func oneMemberHasAllAndTheNextGoesOnFromItsCheckpoint() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<50)
                let topic = try await topic(of: stores)
                var first: Set<String> = []
                var assigned: [Set<Int>] = []
                for try await element in try topic.subscribe(group: "g", batch: 10) {
                    switch element {
                    case .assigned(let partitions): assigned.append(partitions)
                    case .event(let event): first.insert(event.id)
                    case .checkpoint(let checkpoint): try await checkpoint.store()
                    case .caughtUp: break
                    }
                    if first.count >= 60, case .checkpoint = element { break }
                }
                #expect(assigned == [[0, 1, 2, 3]])
                var second: Set<String> = []
                for try await element in try topic.subscribe(group: "g") {
                    if case .event(let event) = element { second.insert(event.id) }
                    if case .caughtUp = element { break }
                }
                #expect(first.union(second) == ids(0..<50) && first.isDisjoint(with: second))
            }
        }

        @Test func membersShareAndWhoLeavesIsReplaced() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<100)
                let one = try await topic(of: stores)
                try await server(one.name).withStores { others in
                    let two = try await topic(of: others)
                    try await reading(one, as: "one") { members in
                        _ = await members.when { $0.caughtUp == ["one"] && $0.assigned["one"]?.count == 4 }
                        let second = Task { try await members.read(two, as: "two") }
                        let both = await members.when {
                            $0.assigned["one"]?.count == 2 && $0.assigned["two"]?.count == 2
                        }
                        #expect(both.assigned["one"]?.isDisjoint(with: both.assigned["two"] ?? []) == true)
                        try await append(stores, 100..<200)
                        let all = await members.when { $0.ids("one").union($0.ids("two")) == ids(0..<200) }
                        #expect(all.ids("one").isDisjoint(with: all.ids("two")), "checkpoints were stored before")
                        #expect(!all.ids("two").isEmpty && all.ids("one").isSuperset(of: ids(0..<100)))

                        second.cancel()
                        try await second.value
                        _ = await members.when { $0.assigned["one"]?.count == 4 }
                        try await append(stores, 200..<250)
                        let end = await members.when { $0.ids("one").union($0.ids("two")) == ids(0..<250) }
                        #expect(end.ids("one").isSuperset(of: ids(200..<250)))
                        for (name, seen) in end.seen {
                            for stream in Set(seen.map(\.stream)) {
                                let revisions = seen.filter { $0.stream == stream }.map(\.revision)
                                #expect(revisions == revisions.sorted(), "\(name) reads \(stream) in its order")
                            }
                        }
                    }
                }
            }
        }

        /// It does not come back for longer than it may: another gets its partitions, and its late checkpoint is
        /// refused.
        @Test func whoStallsLosesItsPartitionsAndLosesNothing() async throws {
            let options = Self.options + ";max.poll.interval.ms=3500"
            try await server(nil, options).withStores { stores in
                try await append(stores, 0..<60)
                let stalling = try await topic(of: stores)
                var iterator = try stalling.subscribe(group: "g", batch: 10).makeAsyncIterator()
                var stored: Set<String> = []
                var late: KafkaGroupCheckpoint?
                while let element = try await iterator.next() {
                    if case .event(let event) = element, late == nil { stored.insert(event.id) }
                    guard case .checkpoint(let checkpoint) = element else { continue }
                    if late != nil { break }
                    try await checkpoint.store()
                    late = checkpoint
                }
                try await server(stalling.name, options).withStores { others in
                    let two = try await topic(of: others)
                    try await reading(two, as: "two") { members in
                        let taken = await members.when {
                            $0.assigned["two"]?.count == 4 && stored.union($0.ids("two")) == ids(0..<60)
                        }
                        #expect(taken.ids("two").isDisjoint(with: stored), "it goes on from the checkpoint")
                        let refusal = await #expect(throws: StoreError.self) { try await late?.store() }
                        #expect(refusal?.code == .preconditionFailed && refusal?.applied == .no)

                        // It comes back, is told, and gets some again.
                        var told: [Set<Int>] = []
                        while told.last?.count != 2, let element = try await iterator.next() {
                            if case .assigned(let partitions) = element { told.append(partitions) }
                        }
                        #expect(told.first == [])
                        _ = await members.when { $0.assigned["two"]?.count == 2 }
                    }
                }
            }
        }

        @Test func brokersThatGoAwayAreWaitedFor() async throws {
            let peer = try #require(KafkaServer.peer, "a real Kafka is not taken down")
            try await server().withStores { stores in
                try await append(stores, 0..<30)
                let topic = try await topic(of: stores)
                try await reading(topic, as: "one") { members in
                    _ = await members.when { $0.caughtUp == ["one"] }
                    try peer.send("down")
                    try peer.send("up")
                    try await append(stores, 30..<60)
                    _ = await members.when { $0.ids("one") == ids(0..<60) }
                }
            }
        }

        @Test func othersStoreNoCheckpointOfAGroupWithMembers() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<10)
                let topic = try await topic(of: stores)
                try await reading(topic, as: "one") { members in
                    _ = await members.when { $0.caughtUp == ["one"] }
                    let before = try await topic.checkpoint(group: "g")
                    #expect(before == (try await topic.ends()))
                    let error = await #expect(throws: StoreError.self) {
                        try await topic.store(.start(of: Self.partitions), group: "g")
                    }
                    #expect(error?.code == .preconditionFailed && error?.applied == .no)
                    #expect(try await topic.checkpoint(group: "g") == before)
                }
            }
        }

        @Test func whoEndsWhileAnotherJoinsLosesNothing() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<60)
                let ending = try await topic(of: stores)
                var seen: Set<String> = []
                try await server(ending.name).withStores { others in
                    let two = try await topic(of: others)
                    let members = Members()
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        var joined = false
                        for try await element in try ending.subscribe(group: "g", batch: 100) {
                            if case .checkpoint(let checkpoint) = element {
                                try await checkpoint.storeWhereTaken()
                                if joined { break }
                            }
                            guard case .event(let event) = element else { continue }
                            seen.insert(event.id)
                            if !joined {
                                joined = true
                                tasks.addTask { try await members.read(two, as: "two") }
                            }
                        }
                        _ = await members.when { $0.assigned["two"]?.count == 4 && $0.caughtUp == ["two"] }
                        let theirs = await members.when { seen.union($0.ids("two")) == ids(0..<60) }
                        #expect(theirs.ids("two").count >= 120 - seen.count)
                        tasks.cancelAll()
                        try await tasks.waitForAll()
                    }
                }
            }
        }

        /// A checkpoint that is kept after the loop holds no partitions, and is not stored over a successor's.
        @Test func leavingTheLoopLeavesTheGroupWhoeverKeepsACheckpoint() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<20)
                let topic = try await topic(of: stores)
                var kept: KafkaGroupCheckpoint?
                for try await element in try topic.subscribe(group: "g") {
                    if case .checkpoint(let checkpoint) = element {
                        kept = checkpoint
                        break
                    }
                }
                try await reading(topic, as: "one") { members in
                    let all = await members.when { $0.caughtUp == ["one"] }
                    #expect(all.assigned["one"]?.count == 4 && all.ids("one") == ids(0..<20))
                    let refusal = await #expect(throws: StoreError.self) { try await kept?.store() }
                    #expect(refusal?.code == .preconditionFailed)
                }
            }
        }

        /// The peer keeps 5 MiB: what came after the checkpoint is gone, and the error says the way out. It takes no
        /// checkpoint from outside of a group that once had members, as a Kafka does when they are gone.
        @Test func aGroupWhoseRestIsGoneIsTold() async throws {
            try #require(KafkaServer.peer != nil, "a real Kafka keeps more")
            let topic = ServerUnderTest.freshName()
            try KafkaServer.peer?.send("create \(topic) 1")
            let server = try KafkaServer.fresh(["KAFKA_TOPIC": topic, "KAFKA_OPTIONS": Self.options])
            try await server.withStores { stores in
                let topic = try await self.topic(of: stores)
                func append(_ numbers: Range<Int>) async throws {
                    for number in numbers {
                        let data = [UInt8](repeating: 7, count: 500_000)
                        try await stores.event.append(
                            [NewEvent(id: "\(number)", type: "t", data: data)], to: "s", expected: .any)
                    }
                }
                try await append(0..<2)
                for try await element in try topic.subscribe(group: "g", batch: 1) {
                    guard case .checkpoint(let checkpoint) = element else { continue }
                    try await checkpoint.store()
                    break
                }
                try await append(2..<30)
                let error = await #expect(throws: StoreError.self) {
                    for try await _ in try topic.subscribe(group: "g") {}
                }
                #expect(error?.code == .notFound && error?.remedy?.contains("KafkaPositions.start") == true)
                try await topic.store(.start(of: 1), group: "h")
                var seen: [String] = []
                for try await element in try topic.subscribe(group: "h") {
                    if case .event(let event) = element { seen.append(event.id) }
                    if case .caughtUp = element { break }
                }
                #expect(seen.last == "29" && (5..<29).contains(seen.count), "\(seen)")
            }
        }

        /// More members than partitions: one waits, and a shutdown ends its wait.
        @Test func whoWaitsForPartitionsIsToldOfAShutdown() async throws {
            let topic = ServerUnderTest.freshName()
            try KafkaServer.peer?.send("create \(topic) 1")
            let settings = ["KAFKA_TOPIC": topic, "KAFKA_OPTIONS": Self.options]
            try await KafkaServer.fresh(settings).withStores { stores in
                try await append(stores, 0..<5)
                let one = try await self.topic(of: stores)
                try await reading(one, as: "one") { members in
                    _ = await members.when { $0.caughtUp == ["one"] }
                    let waiting = try await KafkaServer.fresh(settings).withStores { others in
                        let two = try await self.topic(of: others)
                        let waiting = Task { try await members.read(two, as: "two") }
                        _ = await members.when {
                            ($0.assigned["one"]?.count ?? 0) + ($0.assigned["two"]?.count ?? 9) == 1
                        }
                        return waiting
                    }
                    let error = await #expect(throws: StoreError.self) { try await waiting.value }
                    #expect(error?.code == .unavailable)
                }
            }
        }

        /// A shutdown leaves the group, and who reads on is told.
        @Test func aShutdownLeavesTheGroup() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<10)
                let one = try await topic(of: stores)
                var iterator: KafkaGroupSubscription.Iterator?
                try await server(one.name).withStores { others in
                    iterator = try (try await topic(of: others)).subscribe(group: "g").makeAsyncIterator()
                    while let element = try await iterator?.next() {
                        if case .caughtUp = element { break }
                    }
                }
                await #expect(throws: StoreError.self) { _ = try await iterator?.next() }
                try await reading(one, as: "one") { members in
                    let all = await members.when { $0.caughtUp == ["one"] }
                    #expect(all.assigned["one"]?.count == 4, "nobody waits for the other one")
                }
            }
        }

        /// Another client joins, and says what it was given, what is committed there, and where it ends. On a thread
        /// that may wait.
        private func read(_ topic: String) async throws -> Value {
            let client = try #require(python)
            return try await withCheckedThrowingContinuation { continuation in
                DispatchQueue(label: "python").async {
                    continuation.resume(
                        with: Result {
                            try client.value(
                                of:
                                    """
                                    consumer.subscribe([sys.argv[1]])
                                    while len(consumer.assignment()) < 2: consumer.poll(0.1)
                                    assigned = consumer.assignment()
                                    at = [one.offset for one in consumer.committed(assigned)]
                                    ends = [consumer.get_watermark_offsets(one)[1] for one in assigned]
                                    print(json.dumps([[one.partition for one in assigned], at, ends]))
                                    consumer.close()
                                    """, [topic])
                        })
                }
            }
        }

        @Test(.enabled(if: python != nil, "TEST_PYTHON names no Python with confluent-kafka"))
        func anotherClientIsAMemberToo() async throws {
            try await server().withStores { stores in
                try await append(stores, 0..<40)
                let topic = try await topic(of: stores)
                try await reading(topic, as: "one") { members in
                    _ = await members.when { $0.caughtUp == ["one"] }
                    let theirs = try await read(topic.name)
                    guard case .array(let parts) = theirs, parts.count == 3, case .array(let partitions) = parts[0]
                    else { throw StoreError(.internal, "\(theirs)") }
                    #expect(partitions.count == 2, "it has half of them: \(theirs)")
                    #expect(parts[1] == parts[2], "all was stored that there is: \(theirs)")
                    _ = await members.when { $0.assigned["one"]?.count == 4 }
                }
            }
        }

        @Test func aNameThatIsNoneIsRefused() async throws {
            try await server().withStores { stores in
                let topic = try await topic(of: stores)
                for name in ["", String(repeating: "g", count: 201), "a\0b"] {
                    #expect(throws: StoreError.self) { _ = try topic.subscribe(group: name) }
                }
            }
        }
    }
}
