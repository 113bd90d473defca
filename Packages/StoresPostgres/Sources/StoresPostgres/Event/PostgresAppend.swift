import StoresCore

/// One append, and what it demands.
struct PostgresAppend: Sendable {
    let stream: String
    let events: [NewEvent]
    let metadata: [[UInt8]]
    let expected: ExpectedRevision
    let now: Timestamp
    let deadline: Deadline

    init(_ events: [NewEvent], to stream: String, expected: ExpectedRevision, now: Timestamp, deadline: Deadline)
        throws(StoreError)
    {
        var metadata: [[UInt8]] = []
        metadata.reserveCapacity(events.count)
        for event in events { metadata.append(try PostgresJSON.encode(event.metadata)) }
        self.metadata = metadata
        self.stream = stream
        self.events = events
        self.expected = expected
        self.now = now
        self.deadline = deadline
    }

    /// The column `expected`: a revision, -1 for none, -2 for any that exists, -3 for whatever is there.
    var demand: Int64 {
        switch expected {
        case .any: -3
        case .exists: -2
        case .noStream: -1
        case .exact(let revision): max(0, revision)
        }
    }

    /// - Parameter actual: The stream's last revision; nil when it does not exist.
    func check(actual: Int64?) throws(StoreError) {
        guard expected.isMet(by: actual) else { throw expected.conflict(with: actual, in: stream) }
    }

    /// Where these events are, when all of them are there, in this order.
    func original(_ places: [PostgresKey: (revision: Int64, position: PostgresPosition)]) throws(StoreError)
        -> AppendResult
    {
        let found = events.compactMap { places[PostgresKey($0.id)] }
        let isWhole =
            found.count == events.count
            && zip(found, found.dropFirst()).allSatisfy { $0.revision + 1 == $1.revision }
        guard isWhole, let first = found.first, let last = found.last else {
            throw .partialDuplicate(in: stream)
        }
        return AppendResult(
            firstRevision: first.revision, lastRevision: last.revision, position: last.position.position,
            isDeduplicated: true)
    }
}
