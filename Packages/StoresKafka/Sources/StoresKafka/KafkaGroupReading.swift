import StoresCore

/// What a member of a group reads: where it is in each of its partitions, and how much of it was delivered. Decides,
/// and does no I/O.
struct KafkaGroupReading {
    enum Next: Equatable {
        case event(RecordedEvent)
        case checkpoint([KafkaPlace])
        case caughtUp
    }

    private struct One {
        /// What comes before it was delivered, but for `ready`.
        var place: KafkaPlace
        /// Nothing is stored of it, and nothing was read: the oldest that is kept is the first.
        var isUntouched: Bool
        var isAtEnd = false
    }

    private var ones: [One] = []
    /// Whose turn it is.
    private var current = 0
    /// Events of the current one, those before `delivered` delivered, and the place after them.
    private var ready: [RecordedEvent] = []
    private var delivered = 0
    private var end: KafkaPlace?
    /// Something was delivered after the last checkpoint.
    private var owesCheckpoint = false
    private var saidCaughtUp = false

    /// - Parameter stored: For each partition; nil where nothing is.
    mutating func begin(_ partitions: [Int32], _ stored: [KafkaPlace?]) {
        self = KafkaGroupReading()
        ones = zip(partitions, stored).map { partition, stored in
            let place = stored ?? KafkaPlace(partition: partition, offset: 0, skip: 0)
            return One(place: place, isUntouched: place.offset == 0 && place.skip == 0)
        }
    }

    /// Where reading goes on, in each partition.
    var places: [KafkaPlace] { ones.map(\.place) }

    /// Nil where something has to be read first, see ``turn()``.
    mutating func next() -> Next? {
        if delivered < ready.count {
            delivered += 1
            owesCheckpoint = true
            return .event(ready[delivered - 1])
        }
        settle()
        if owesCheckpoint {
            owesCheckpoint = false
            return .checkpoint(touched)
        }
        guard !saidCaughtUp, !ones.isEmpty, ones.allSatisfy(\.isAtEnd) else { return nil }
        saidCaughtUp = true
        return .caughtUp
    }

    /// Where to read now, each partition in its turn; nil where all have nothing more.
    mutating func turn() -> (place: KafkaPlace, isFromStart: Bool)? {
        guard !ones.allSatisfy(\.isAtEnd) else { return nil }
        current = (current + 1) % ones.count
        return (ones[current].place, ones[current].isUntouched)
    }

    /// What was read there.
    mutating func found(_ found: KafkaScan.Found) {
        ones[current].isAtEnd = found.isAtEnd
        (ready, delivered, end) = (found.events, 0, found.next)
    }

    /// There may be more by now.
    mutating func lookAgain() {
        for index in ones.indices { ones[index].isAtEnd = false }
    }

    /// Ends it; what was read and not delivered is another's.
    ///
    /// - Returns: What a checkpoint would say; nil where the last one said it.
    mutating func stop() -> [KafkaPlace]? {
        defer { self = KafkaGroupReading() }
        if delivered > 0 {
            end = try? KafkaPlace(ready[delivered - 1].position)
            settle()
        }
        return owesCheckpoint ? touched : nil
    }

    private mutating func settle() {
        guard let end else { return }
        if end != ones[current].place { ones[current].isUntouched = false }
        ones[current].place = end
        (ready, delivered) = ([], 0)
        self.end = nil
    }

    /// Of the others there is nothing to store.
    private var touched: [KafkaPlace] { ones.filter { !$0.isUntouched }.map(\.place) }
}
