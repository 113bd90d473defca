import StoresCore
import Testing

@testable import StoresKafka

@Suite struct GroupReadingTests {
    private func place(_ partition: Int32, _ offset: Int64, _ skip: Int = 0) -> KafkaPlace {
        KafkaPlace(partition: partition, offset: offset, skip: skip)
    }

    /// Records of one event each.
    private func found(_ partition: Int32, _ offsets: Range<Int64>, isAtEnd: Bool = false) -> KafkaScan.Found {
        var found = KafkaScan.Found(next: place(partition, offsets.upperBound), isAtEnd: isAtEnd)
        found.events = offsets.map { offset in
            RecordedEvent(
                stream: "s", revision: offset, position: place(partition, offset + 1).position,
                event: NewEvent(id: "\(offset)", type: "t"), recordedAt: Timestamp(millisecondsSinceEpoch: 0))
        }
        return found
    }

    /// Expectations take values that they may not change.
    private final class Reader {
        private var reading = KafkaGroupReading()
        var places: [KafkaPlace] { reading.places }
        func begin(_ partitions: [Int32], _ stored: [KafkaPlace?]) { reading.begin(partitions, stored) }
        func next() -> KafkaGroupReading.Next? { reading.next() }
        func turn() -> (place: KafkaPlace, isFromStart: Bool)? { reading.turn() }
        func found(_ found: KafkaScan.Found) { reading.found(found) }
        func lookAgain() { reading.lookAgain() }
        func stop() -> [KafkaPlace]? { reading.stop() }
    }

    private func id(_ next: KafkaGroupReading.Next?) -> String? {
        if case .event(let event) = next { event.id } else { nil }
    }

    @Test func eachPartitionHasItsTurnAndACheckpointFollowsEachBatch() throws {
        let reading = Reader()
        reading.begin([1, 4], [place(1, 7), nil])
        #expect(reading.next() == nil, "nothing was read yet")
        let first = try #require(reading.turn())
        #expect(first.place == place(4, 0) && first.isFromStart)
        reading.found(found(4, 0..<2))
        #expect(id(reading.next()) == "0" && id(reading.next()) == "1")
        #expect(reading.next() == .checkpoint([place(1, 7), place(4, 2)]))
        #expect(reading.next() == nil)
        let second = try #require(reading.turn())
        #expect(second.place == place(1, 7) && !second.isFromStart)
        reading.found(found(1, 7..<7, isAtEnd: true))
        #expect(reading.next() == nil, "nothing was delivered, so nothing is to be stored")
        #expect(reading.turn()?.place == place(4, 2))
        reading.found(found(4, 2..<2, isAtEnd: true))
        #expect(reading.next() == .caughtUp && reading.next() == nil && reading.turn() == nil)
        reading.lookAgain()
        #expect(reading.turn() != nil && reading.next() == nil, "it is said once")
    }

    @Test func whatIsStoppedInTheMiddleSaysWhatWasDelivered() throws {
        let reading = Reader()
        reading.begin([0, 1], [nil, nil])
        _ = reading.turn()
        reading.found(found(1, 0..<3))
        #expect(reading.stop() == nil, "nothing was delivered")
        #expect(reading.places.isEmpty && reading.turn() == nil && reading.next() == nil)

        reading.begin([0, 1], [nil, nil])
        _ = reading.turn()
        reading.found(found(1, 0..<3))
        #expect(id(reading.next()) == "0")
        #expect(reading.stop() == [place(1, 1)], "of the other partition there is nothing to store")

        reading.begin([0, 1], [place(0, 5, 2), nil])
        _ = reading.turn()
        reading.found(found(1, 0..<1))
        #expect(id(reading.next()) == "0")
        #expect(reading.next() == .checkpoint([place(0, 5, 2), place(1, 1)]))
        #expect(reading.stop() == nil, "the last checkpoint said it")
    }

    /// Whoever stores the start of a partition means the oldest event that it keeps.
    @Test func aCheckpointOfTheStartIsTheOldest() {
        let reading = Reader()
        reading.begin([0], [place(0, 0)])
        #expect(reading.turn()?.isFromStart == true)
        reading.begin([0], [place(0, 0, 1)])
        #expect(reading.turn()?.isFromStart == false, "within the first record")
    }

    @Test func withoutPartitionsThereIsNothingToRead() {
        let reading = Reader()
        reading.begin([], [])
        #expect(reading.next() == nil && reading.turn() == nil && reading.places.isEmpty)
    }
}
