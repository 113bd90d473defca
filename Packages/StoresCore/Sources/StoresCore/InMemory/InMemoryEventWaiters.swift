import Synchronization

/// Tasks that wait for the next append.
final class InMemoryEventWaiters: Sendable {
    private struct State {
        var continuations: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastID: UInt64 = 0
    }

    private static let maxTimeout: Duration = .seconds(3600)

    private let state = Mutex(State())

    /// How many wait at this moment.
    var count: Int { state.withLock { $0.continuations.count } }

    /// Resumes everyone who waits.
    func wake() {
        let continuations = state.withLock { state in
            defer { state.continuations.removeAll() }
            return Array(state.continuations.values)
        }
        for continuation in continuations { continuation.resume() }
    }

    /// Returns when ``wake()`` is called, at once when `isReady`, or after `timeout` (an hour at most).
    ///
    /// - Throws: `cancelled`.
    func wait(timeout: Duration, until isReady: @escaping @Sendable () -> Bool) async throws(StoreError) {
        if Task.isCancelled { throw .cancelled() }
        if isReady() || timeout <= .zero { return }
        let timeout = min(timeout, Self.maxTimeout)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: timeout) }
            group.addTask { await self.signal(or: isReady) }
            await group.next()
            // Ends the other one, and the group waits for it: nothing is left behind.
            group.cancelAll()
        }
        if Task.isCancelled { throw .cancelled() }
    }

    private func signal(or isReady: @Sendable () -> Bool) async {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.continuations[id] = continuation }
                // What happened before the line above woke nobody.
                if Task.isCancelled || isReady() { release(id) }
            }
        } onCancel: {
            release(id)
        }
    }

    private func release(_ id: UInt64) {
        state.withLock { $0.continuations.removeValue(forKey: id) }?.resume()
    }
}
