import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

extension KafkaServerTests {
    /// Topics of several partitions, by the native handle.
    @Suite struct SubscriptionTests {
        private func with(_ body: (Stores, KafkaTopic) async throws -> Void) async throws {
            try await KafkaServer.fresh(partitions: 3).withStores { stores in
                try await stores.event.withNative(KafkaTopic.self) { try await body(stores, $0) }
            }
        }

        private func append(_ stores: Stores, _ numbers: Range<Int>) async throws {
            for number in numbers {
                try await stores.event.append(
                    [NewEvent(id: "\(number)", type: "t"), NewEvent(id: "\(number)b", type: "t")],
                    to: "s\(number % 7)", expected: .any)
            }
        }

        @Test func allPartitionsAreReadAndEachStreamInItsOrder() async throws {
            try await with { stores, topic in
                try await append(stores, 0..<70)
                var seen: [RecordedEvent] = []
                for try await element in topic.subscribe(batch: 7) {
                    if case .event(let event) = element { seen.append(event) }
                    if element == .caughtUp { break }
                }
                #expect(seen.count == 140 && topic.partitions == 3)
                for stream in 0..<7 {
                    let mine = seen.filter { $0.stream == "s\(stream)" }
                    #expect(mine == (try await stores.event.read("s\(stream)").events))
                    #expect(mine.map(\.revision) == (0..<20).map(Int64.init))
                }
                let places = Set(seen.map { $0.position.rawValue.prefix(16) })
                #expect(places.count == 3, "the streams are in several partitions")
            }
        }

        @Test func fromAnyCheckpointComesExactlyTheRest() async throws {
            try await with { stores, topic in
                try await append(stores, 0..<30)
                var seen: Set<String> = []
                var checkpoints: [(KafkaPositions, Set<String>)] = []
                for try await element in topic.subscribe(batch: 5) {
                    switch element {
                    case .event(let event): seen.insert(event.id)
                    case .checkpoint(let positions): checkpoints.append((positions, seen))
                    case .caughtUp: break
                    }
                    if element == .caughtUp { break }
                }
                #expect(seen.count == 60 && checkpoints.count >= 12)
                for (one, next) in zip(checkpoints, checkpoints.dropFirst()) { #expect(one.0.isBefore(next.0)) }
                for (positions, before) in checkpoints {
                    let start = try #require(KafkaPositions(rawValue: positions.rawValue))
                    var rest: Set<String> = []
                    for try await element in topic.subscribe(from: start) {
                        if case .event(let event) = element { rest.insert(event.id) }
                        if element == .caughtUp { break }
                    }
                    #expect(rest.isDisjoint(with: before) && rest.union(before) == seen)
                }
            }
        }

        @Test func whatComesLaterIsDeliveredAndCancellationEndsTheWait() async throws {
            try await with { stores, topic in
                let ends = try await topic.ends()
                var iterator = topic.subscribe(from: ends).makeAsyncIterator()
                #expect(try await iterator.next() == .caughtUp)
                async let next = iterator.next()
                try await append(stores, 3..<4)
                guard case .event(let event)? = try await next else {
                    Issue.record("no event came")
                    return
                }
                #expect(event.id == "3")
                let (reached, signal) = AsyncStream.makeStream(of: Void.self)
                let task = Task {
                    for try await element in topic.subscribe(from: try await topic.ends()) where element == .caughtUp {
                        signal.yield()
                    }
                }
                for await _ in reached { break }
                task.cancel()
                let start = ContinuousClock.now
                _ = await task.result
                #expect(ContinuousClock.now - start < .seconds(4))
            }
        }

        @Test func checkpointsAreKeptWithTheBrokers() async throws {
            try await with { stores, topic in
                let group = ServerUnderTest.freshName()
                #expect(try await topic.checkpoint(group: group) == nil)
                try await append(stores, 0..<20)
                var read = 0
                var last: KafkaPositions?
                // Three at a time end within a record of two.
                for try await element in topic.subscribe(batch: 3) {
                    if case .event = element { read += 1 }
                    if case .checkpoint(let positions) = element {
                        last = positions
                        if read >= 15 { break }
                    }
                }
                let positions = try #require(last)
                #expect(positions.rawValue.contains("+"))
                try await topic.store(positions, group: group)
                #expect(try await topic.checkpoint(group: group) == positions)
                try await KafkaServer.fresh(["KAFKA_TOPIC": topic.name], partitions: 3).withStores { other in
                    try await other.event.withNative(KafkaTopic.self) { later in
                        let start = try #require(try await later.checkpoint(group: group))
                        var rest = 0
                        for try await element in later.subscribe(from: start) {
                            if case .event = element { rest += 1 }
                            if element == .caughtUp { break }
                        }
                        #expect(read + rest == 40)
                    }
                }
                for refused in ["", "a\u{0}b", String(repeating: "x", count: 201)] {
                    let error = await #expect(throws: StoreError.self) {
                        _ = try await topic.checkpoint(group: refused)
                    }
                    #expect(error?.code == .invalidArgument)
                }
            }
        }

        @Test func positionsOfAnotherTopicAreRefused() async throws {
            try await with { _, topic in
                var iterator = topic.subscribe(from: KafkaPositions(rawValue: "0,0")).makeAsyncIterator()
                let error = await #expect(throws: StoreError.self) { _ = try await iterator.next() }
                #expect(error?.code == .invalidArgument)
            }
        }
    }
}
