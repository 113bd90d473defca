import StoresCore

/// What a ``Position`` holds: the place right after an event, from where reading goes on. `skip` events of the record
/// at `offset` have been read; after a record's last event that is the next record, with none.
struct KafkaPlace: Sendable, Hashable {
    var partition: Int32
    var offset: Int64
    var skip: Int

    init(partition: Int32, offset: Int64, skip: Int) {
        self.partition = partition
        self.offset = offset
        self.skip = skip
    }

    /// After the event at an index of a record of that many.
    init(partition: Int32, record offset: Int64, index: Int, of count: Int) {
        let isLast = index + 1 >= count
        self.init(partition: partition, offset: isLast ? offset + 1 : offset, skip: isLast ? 0 : index + 1)
    }

    /// - Throws: `invalidArgument`.
    init(_ position: Position) throws(StoreError) {
        guard let numbers = position.numbers(count: 3), numbers[0] <= Int32.max, numbers[1] < Int64.max,
            numbers[2] <= Int32.max
        else { throw .invalidArgument("this is no position of this store") }
        self.init(partition: Int32(numbers[0]), offset: Int64(numbers[1]), skip: Int(numbers[2]))
    }

    var position: Position {
        let numbers = [UInt64(partition), UInt64(offset), UInt64(skip)]
        // As `Position.init(_:)` writes them, which takes longer than reading an event does.
        return Position(
            rawValue: String(unsafeUninitializedCapacity: 48) { bytes in
                for (place, number) in numbers.enumerated() {
                    for digit in 0..<16 {
                        let value = UInt8(truncatingIfNeeded: number >> UInt64(60 - digit * 4)) & 15
                        bytes[place * 16 + digit] = value < 10 ? 48 + value : 87 + value
                    }
                }
                return 48
            })
    }
}
