import Synchronization

/// The tasks that the backend starts for work that belongs to no caller alone; it waits for them when it is shut down.
final class PostgresWork: Sendable {
    private struct State {
        var running: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    /// - Returns: False after ``end()``; the body is not run.
    @discardableResult
    func start(_ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            guard !state.isEnded else { return false }
            state.last += 1
            let id = state.last
            state.running[id] = Task {
                await body()
                self.state.withLock { $0.running[id] = nil }
            }
            return true
        }
    }

    /// Starts no more, and returns when what runs has ended.
    func end() async {
        let running = state.withLock { state in
            state.isEnded = true
            return Array(state.running.values)
        }
        for task in running { await task.value }
    }
}
