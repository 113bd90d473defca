import StoresConformance
import StoresCore
import Testing

@testable import StoresKafka

extension KafkaServerTests {
    /// Readers that follow each other under one group's name, each going on from the checkpoint.
    @Suite(.timeLimit(.minutes(2))) struct HandOverTests {
        private static let partitions = 3

        private struct Reading {
            var seen: [RecordedEvent] = []
            /// What had been seen at each checkpoint that was stored.
            var stored: [(positions: KafkaPositions, seen: Set<String>)] = []

            var ids: Set<String> { Set(seen.map(\.id)) }
        }

        private func append(_ stores: Stores, _ numbers: Range<Int>) async throws {
            for number in numbers {
                try await stores.event.append(
                    [NewEvent(id: "\(number)", type: "t")], to: "s\(number % 7)", expected: .any)
            }
        }

        /// Reads on under the name, and stores each second checkpoint.
        ///
        /// - Parameter isDone: Asked after each event; true ends it there, in the middle of a batch.
        private func read(_ topic: KafkaTopic, _ group: String, until isDone: (Reading) -> Bool) async throws
            -> Reading
        {
            var reading = Reading()
            var checkpoints = 0
            for try await element in topic.subscribe(from: try await topic.checkpoint(group: group), batch: 10) {
                switch element {
                case .event(let event):
                    reading.seen.append(event)
                    if isDone(reading) { return reading }
                case .checkpoint(let positions):
                    checkpoints += 1
                    guard checkpoints.isMultiple(of: 2) else { continue }
                    try await topic.store(positions, group: group)
                    reading.stored.append((positions, reading.ids))
                case .caughtUp: break
                }
            }
            return reading
        }

        private func with<T>(_ topic: String, _ body: (KafkaTopic) async throws -> T) async throws -> T {
            try await KafkaServer.fresh(["KAFKA_TOPIC": topic], partitions: Self.partitions).withStores { stores in
                try await stores.event.withNative(KafkaTopic.self) { try await body($0) }
            }
        }

        /// What the second one read, beside what the first one had seen when it stored its last checkpoint.
        private func expectNothingLost(_ all: Set<String>, _ first: Reading, _ second: Reading) throws {
            let before = try #require(first.stored.last).seen
            #expect(before.union(second.ids) == all)
            #expect(before.isDisjoint(with: second.ids), "only what came after the checkpoint comes again")
            #expect(second.seen.count == second.ids.count)
            for stream in Set(second.seen.map(\.stream)) {
                let revisions = second.seen.filter { $0.stream == stream }.map(\.revision)
                #expect(zip(revisions, revisions.dropFirst()).allSatisfy { $1 == $0 + 1 }, "\(stream) in its order")
            }
        }

        private let all = Set((0..<400).map(String.init))

        /// It has read on after its checkpoint, ends in the middle of a batch, and says nothing to the brokers: it
        /// stays open, as what hangs does, until all is over.
        @Test func whoDiesWithoutClosingLosesNothing() async throws {
            let group = ServerUnderTest.freshName()
            try await KafkaServer.fresh(partitions: Self.partitions).withStores { writer in
                let name = try await writer.event.withNative(KafkaTopic.self) { $0.name }
                try await append(writer, 0..<150)
                try await with(name) { dead in
                    async let appended: Void = append(writer, 150..<300)
                    let first = try await read(dead, group) { $0.seen.count == 175 }
                    try await appended
                    async let more: Void = append(writer, 300..<400)
                    let before = try #require(first.stored.last).seen
                    let second = try await with(name) { topic in
                        try await read(topic, group) { before.count + $0.seen.count == 400 }
                    }
                    try await more
                    try expectNothingLost(all, first, second)

                    // It was not dead, and stores what it had read long ago: the group goes back, and loses nothing.
                    let old = first.stored[0]
                    try await dead.store(old.positions, group: group)
                    let third = try await with(name) { topic in
                        try await read(topic, group) { old.seen.count + $0.seen.count == 400 }
                    }
                    #expect(old.seen.union(third.ids) == all && old.seen.isDisjoint(with: third.ids))
                }
            }
        }

        @Test func whoIsClosedInTheMiddleLosesNothing() async throws {
            let group = ServerUnderTest.freshName()
            try await KafkaServer.fresh(partitions: Self.partitions).withStores { writer in
                let name = try await writer.event.withNative(KafkaTopic.self) { $0.name }
                try await append(writer, 0..<300)
                let first = try await with(name) { topic in try await read(topic, group) { $0.seen.count == 123 } }
                try await append(writer, 300..<400)
                let before = try #require(first.stored.last).seen
                let second = try await with(name) { topic in
                    try await read(topic, group) { before.count + $0.seen.count == 400 }
                }
                try expectNothingLost(all, first, second)
            }
        }
    }
}
