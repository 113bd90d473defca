/// First in, first out; both ends in constant time.
struct RedisQueue<Element> {
    private var storage: [Element?] = []
    private var head = 0

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }

    mutating func append(_ element: Element) {
        storage.append(element)
    }

    /// Changes the first element in place.
    mutating func withFirst<T>(_ body: (inout Element) -> T) -> T? {
        guard head < storage.count, var element = storage[head] else { return nil }
        storage[head] = nil
        let result = body(&element)
        storage[head] = element
        return result
    }

    mutating func popFirst() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 1024, head * 2 > storage.count {
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() -> [Element] {
        defer {
            storage.removeAll()
            head = 0
        }
        return storage[head...].compactMap { $0 }
    }

    /// Removes what matches, keeping the order of the rest.
    mutating func remove(where matches: (Element) -> Bool) -> [Element] {
        var removed: [Element] = []
        var kept: [Element?] = []
        for case let element? in storage[head...] {
            if matches(element) { removed.append(element) } else { kept.append(element) }
        }
        storage = kept
        head = 0
        return removed
    }

    /// Changes every element until the body says that it is done.
    mutating func update(_ body: (inout Element) -> Bool) {
        for index in storage.indices[head...] {
            guard var element = storage[index] else { continue }
            storage[index] = nil
            let isDone = body(&element)
            storage[index] = element
            if isDone { return }
        }
    }
}
