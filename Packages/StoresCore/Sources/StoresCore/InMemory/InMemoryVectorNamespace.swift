import Synchronization

/// A namespace with its delayed visibility: reads by id and scrolls see `latest`; queries and counts see `searchable`,
/// which writes reach when their time has come. Without delay there is one space.
final class VectorNamespace: Sendable {
    private enum Change {
        case upsert([PreparedVector])
        case remove([ByteKey])
        case removeAll
    }

    private struct Waiting {
        var visibleAt: Timestamp
        var change: Change
    }

    let latest: VectorSpace
    private let delayed: VectorSpace?
    private let delay: Duration
    private let queue = Mutex<[Waiting]>([])

    init(spec: VectorCollectionSpec, delay: Duration) {
        latest = VectorSpace(spec: spec)
        self.delay = delay
        delayed = delay > .zero ? VectorSpace(spec: spec) : nil
    }

    /// What queries see at this time.
    func searchable(at now: Timestamp) -> VectorSpace {
        guard let delayed else { return latest }
        queue.withLock { queue in
            let ready = queue.firstIndex { $0.visibleAt > now } ?? queue.count
            for waiting in queue[..<ready] { Self.apply(waiting.change, to: delayed) }
            queue.removeFirst(ready)
        }
        return delayed
    }

    /// - Returns: Whether queries see the records already. A caller who would wait at least as long as the delay gets
    ///   its effect at once: the clock is not the driver's to move, and nobody sleeps.
    func upsert(_ records: [VectorRecord], _ visibility: Visibility, at now: Timestamp) -> Bool {
        let prepared = latest.prepare(records)
        guard let delayed else {
            latest.upsert(prepared)
            return true
        }
        var waits = false
        if case .searchable(let patience) = visibility { waits = patience >= delay }
        return queue.withLock { queue in
            latest.upsert(prepared)
            queue.append(Waiting(visibleAt: now.advanced(by: delay), change: .upsert(prepared)))
            guard waits else { return false }
            for waiting in queue { Self.apply(waiting.change, to: delayed) }
            queue = []
            return true
        }
    }

    func remove(_ ids: [ByteKey], where filter: CompiledFilter? = nil, at now: Timestamp) -> Int {
        queue.withLock { queue in
            let removed = latest.remove(ids, where: filter)
            if delayed != nil, !removed.isEmpty {
                queue.append(Waiting(visibleAt: now.advanced(by: delay), change: .remove(removed)))
            }
            return removed.count
        }
    }

    func removeAll(at now: Timestamp) -> Int {
        queue.withLock { queue in
            if delayed != nil { queue.append(Waiting(visibleAt: now.advanced(by: delay), change: .removeAll)) }
            return latest.removeAll()
        }
    }

    private static func apply(_ change: Change, to space: VectorSpace) {
        switch change {
        case .upsert(let records): space.upsert(records)
        case .remove(let ids): _ = space.remove(ids)
        case .removeAll: _ = space.removeAll()
        }
    }
}
