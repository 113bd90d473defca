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
        let numbers = (UInt64(partition), UInt64(offset), UInt64(skip))
        // As `Position.init(_:)` writes them, which takes longer than reading an event does.
        return Position(
            rawValue: String(unsafeUninitializedCapacity: 48) { bytes in
                bytes.initialize(repeating: UInt8(ascii: "0"))
                Self.write(numbers.0, to: bytes, endingAt: 16)
                Self.write(numbers.1, to: bytes, endingAt: 32)
                Self.write(numbers.2, to: bytes, endingAt: 48)
                return 48
            })
    }

    /// The hexadecimal digits but for leading zeros.
    private static func write(_ number: UInt64, to bytes: UnsafeMutableBufferPointer<UInt8>, endingAt end: Int) {
        var rest = number
        var place = end
        while rest > 0 {
            place -= 1
            let digit = UInt8(truncatingIfNeeded: rest) & 15
            bytes[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
            rest >>= 4
        }
    }
}
