import StoresCore
import Synchronization

/// A task that waits for a connection.
///
/// `@unchecked Sendable`: `continuation` is written before the stage leaves `new` and read once, by whoever brings the
/// stage to `finished`.
final class PostgresWaiter: @unchecked Sendable {
    typealias Outcome = Result<PostgresConnection, StoreError>

    private enum Stage {
        static let new: UInt8 = 0
        static let waiting: UInt8 = 1
        static let finished: UInt8 = 2
    }

    let deadline: Deadline
    private let stage = Atomic<UInt8>(Stage.new)
    private var continuation: UnsafeContinuation<Outcome, Never>?

    init(deadline: Deadline) {
        self.deadline = deadline
    }

    var isFinished: Bool { stage.load(ordering: .acquiring) == Stage.finished }

    /// Waits for its end. Once.
    func wait(_ enqueue: (PostgresWaiter) -> Void) async throws(StoreError) -> PostgresConnection {
        let outcome: Outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                self.continuation = continuation
                guard advance(Stage.new, to: Stage.waiting) else {
                    return continuation.resume(returning: .failure(.cancelled(applied: .no)))
                }
                enqueue(self)
            }
        } onCancel: {
            if !advance(Stage.new, to: Stage.finished) { finish(.failure(.cancelled(applied: .no))) }
        }
        return try outcome.get()
    }

    /// - Returns: Whether this was its end; if not, the connection is for somebody else.
    @discardableResult
    func finish(_ outcome: Outcome) -> Bool {
        guard stage.exchange(Stage.finished, ordering: .acquiringAndReleasing) == Stage.waiting, let continuation
        else { return false }
        self.continuation = nil
        continuation.resume(returning: outcome)
        return true
    }

    private func advance(_ from: UInt8, to: UInt8) -> Bool {
        stage.compareExchange(expected: from, desired: to, ordering: .acquiringAndReleasing).exchanged
    }
}
