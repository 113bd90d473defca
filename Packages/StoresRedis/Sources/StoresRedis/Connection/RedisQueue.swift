/// First in, first out; both ends in constant time.
struct RedisQueue<Element> {
    /// What stands before `head` is over, and is dropped from time to time.
    private var storage: [Element] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }

    mutating func append(_ element: Element) {
        storage.append(element)
    }

    /// Changes the first element in place.
    mutating func withFirst<T>(_ body: (inout Element) -> T) -> T? {
        isEmpty ? nil : body(&storage[head])
    }

    /// Drops the first element. Its memory is reused later: what it holds is to be let go before.
    mutating func dropFirst() {
        guard !isEmpty else { return }
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head * 2 > storage.count {
            storage.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() -> [Element] {
        defer {
            storage.removeAll()
            head = 0
        }
        return Array(storage[head...])
    }

    /// Changes every element until the body says that it is done.
    mutating func update(_ body: (inout Element) -> Bool) {
        for index in storage.indices[head...] where body(&storage[index]) { return }
    }
}
