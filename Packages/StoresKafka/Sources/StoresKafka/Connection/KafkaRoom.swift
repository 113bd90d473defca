/// Who may put something into the client's queue, and who waits until there is room: in order of arrival.
///
/// One that is larger than all the room enters alone.
struct KafkaRoom {
    let maxMessages: Int
    let maxBytes: Int
    private(set) var messages = 0
    private(set) var bytes = 0
    /// Those that wait, from `next` on; those that are not in `sizes` any more have gone.
    private var line: [UInt] = []
    private var next = 0
    private var sizes: [UInt: Int] = [:]

    init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = maxMessages
        self.maxBytes = maxBytes
    }

    var waitingCount: Int { sizes.count }

    /// Whether it may go at once; otherwise it waits.
    mutating func enter(_ id: UInt, bytes size: Int) -> Bool {
        if sizes.isEmpty, fits(size) {
            take(size)
            return true
        }
        line.append(id)
        sizes[id] = size
        return false
    }

    /// Something has gone; who may go now.
    mutating func leave(bytes size: Int) -> [UInt] {
        messages -= 1
        bytes -= size
        return admitted()
    }

    /// Takes one out that waits. False when it does not wait.
    mutating func abandon(_ id: UInt) -> (wasWaiting: Bool, admitted: [UInt]) {
        guard sizes.removeValue(forKey: id) != nil else { return (false, []) }
        // It may have been what stood in the way of smaller ones.
        return (true, admitted())
    }

    private mutating func admitted() -> [UInt] {
        var found: [UInt] = []
        while next < line.count {
            let id = line[next]
            if let size = sizes[id] {
                guard fits(size) else { break }
                sizes[id] = nil
                take(size)
                found.append(id)
            }
            next += 1
        }
        // Now and then what was handed out is dropped: O(1) for each in the long run.
        if next > 64, next * 2 > line.count {
            line.removeFirst(next)
            next = 0
        }
        return found
    }

    private func fits(_ size: Int) -> Bool { messages == 0 || (messages < maxMessages && bytes + size <= maxBytes) }

    private mutating func take(_ size: Int) {
        messages += 1
        bytes += size
    }
}
