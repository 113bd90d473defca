#if SQLite
import StoresCore
import Synchronization

/// Wakes those who wait for events: at once when this process appends, and within 50 ms when another does.
///
/// SQLite tells nobody of a commit. As long as somebody waits, one task asks for the last position, which is one
/// seek, after 5 ms first and then less and less often; however many subscriptions there are, there is one task.
final class SQLiteEventSignal: Sendable {
    private typealias Outcome = Result<Void, StoreError>

    private struct Waiter {
        var id: UInt64
        var after: Int64
        var until: MonotonicInstant
        var continuation: CheckedContinuation<Outcome, Never>
    }

    private struct State {
        var isClosed = false
        var isPolling = false
        var nextID: UInt64 = 0
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    private static let shortest = Duration.milliseconds(5)
    private static let longest = Duration.milliseconds(50)

    /// Returns when there is an event after the position, or at `until`.
    ///
    /// - Parameter last: Reads the last position.
    func wait(
        after: Int64, until: MonotonicInstant,
        last: @escaping @Sendable () async throws(StoreError) -> Int64
    ) async throws(StoreError) {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
                add(Waiter(id: id, after: after, until: until, continuation: continuation), last)
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
        try outcome.get()
    }

    /// This process has committed events up to the position.
    func announce(_ position: Int64) {
        resume(.success(())) { $0.after < position }
    }

    func close() {
        state.withLock { $0.isClosed = true }
        resume(.success(())) { _ in true }
    }

    private func add(_ waiter: Waiter, _ last: @escaping @Sendable () async throws(StoreError) -> Int64) {
        let startsPolling = state.withLock { state -> Bool? in
            if state.isClosed { return nil }
            state.waiting.append(waiter)
            defer { state.isPolling = true }
            return !state.isPolling
        }
        guard let startsPolling else { return waiter.continuation.resume(returning: .success(())) }
        if startsPolling { Task { await poll(last) } }
    }

    private func poll(_ last: @Sendable () async throws(StoreError) -> Int64) async {
        var pause = Self.shortest
        while true {
            do {
                announce(try await last())
            } catch {
                resume(.failure(error)) { _ in true }
            }
            let now = MonotonicInstant.now
            resume(.success(())) { $0.until <= now }
            let next = state.withLock { state -> MonotonicInstant? in
                state.isPolling = !state.waiting.isEmpty
                return state.waiting.map(\.until).min()
            }
            guard let next else { return }
            // Not cancelled by anybody: the task belongs to all who wait.
            try? await Task.sleep(for: max(.milliseconds(1), min(pause, now.duration(to: next))))
            pause = min(pause * 2, Self.longest)
        }
    }

    private func cancel(_ id: UInt64) {
        resume(.failure(.cancelled(applied: .no))) { $0.id == id }
    }

    private func resume(_ outcome: Outcome, where isMeant: (Waiter) -> Bool) {
        let woken = state.withLock { state in
            let woken = state.waiting.filter(isMeant)
            if !woken.isEmpty { state.waiting.removeAll(where: isMeant) }
            return woken
        }
        for waiter in woken { waiter.continuation.resume(returning: outcome) }
    }
}
#endif
