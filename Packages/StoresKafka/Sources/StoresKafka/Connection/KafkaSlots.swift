/// What is under way, each by a number that librdkafka carries along: a place in an array, and how often the place was
/// used before, so that who comes late finds nothing instead of somebody else.
struct KafkaSlots<Element> {
    private var slots: [(use: UInt32, element: Element?)] = []
    private var free: [UInt32] = []

    var count: Int { slots.count - free.count }

    /// - Returns: Never 0.
    mutating func insert(_ element: Element) -> UInt {
        let place: UInt32
        if let last = free.popLast() {
            place = last
            slots[Int(place)].element = element
        } else {
            place = UInt32(slots.count)
            slots.append((1, element))
        }
        return UInt(slots[Int(place)].use) << 32 | UInt(place)
    }

    subscript(id: UInt) -> Element? {
        let place = Int(UInt32(truncatingIfNeeded: id))
        guard place < slots.count, slots[place].use == UInt32(truncatingIfNeeded: id >> 32) else { return nil }
        return slots[place].element
    }

    mutating func remove(_ id: UInt) -> Element? {
        guard let element = self[id] else { return nil }
        let place = UInt32(truncatingIfNeeded: id)
        slots[Int(place)] = (max(1, slots[Int(place)].use &+ 1), nil)
        free.append(place)
        return element
    }

    mutating func removeAll() -> [Element] {
        defer { (slots, free) = ([], []) }
        return all
    }

    var all: [Element] { slots.compactMap(\.element) }
}
