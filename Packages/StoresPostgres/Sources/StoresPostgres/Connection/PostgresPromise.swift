import StoresCore
import Synchronization

/// What a promise can end with.
protocol PostgresPromised: Sendable {
    static func cancelled(wasSent: Bool) -> Self
}

/// One end of a wait: a task suspends until somebody ends it, or until it is cancelled. Exactly one end counts.
///
/// `@unchecked Sendable`: `continuation` is written before the stage leaves `new` and read once, by whoever brings the
/// stage to `finished`. Subclasses say what makes theirs true.
class PostgresPromise<Outcome: PostgresPromised>: @unchecked Sendable {
    private let stage = Atomic<UInt8>(PostgresStage.new)
    private var continuation: UnsafeContinuation<Outcome, Never>?

    final var isFinished: Bool { stage.load(ordering: .acquiring) == PostgresStage.finished }

    /// Calls `enqueue`, which is to see to it that the promise is ended, and waits for that. Once.
    final func wait(isCancellable: Bool = true, _ enqueue: () -> Void) async -> Outcome {
        guard isCancellable else { return await suspend(enqueue) }
        return await withTaskCancellationHandler {
            await suspend(enqueue)
        } onCancel: {
            // Before it is queued nobody is there to be resumed.
            if advance(PostgresStage.new, to: PostgresStage.finished) { return }
            abandon { .cancelled(wasSent: $0) }
        }
    }

    private func suspend(_ enqueue: () -> Void) async -> Outcome {
        await withUnsafeContinuation { continuation in
            self.continuation = continuation
            guard advance(PostgresStage.new, to: PostgresStage.queued) else {
                return continuation.resume(returning: .cancelled(wasSent: false))
            }
            enqueue()
        }
    }

    /// To be called before the first byte is sent.
    ///
    /// - Returns: False when nobody waits for it any more: it must not be sent.
    final func beginSending() -> Bool {
        advance(PostgresStage.queued, to: PostgresStage.sent)
            || stage.load(ordering: .acquiring) == PostgresStage.sent
    }

    /// - Returns: Whether this was its end.
    @discardableResult
    final func finish(_ outcome: Outcome) -> Bool { abandon { _ in outcome } }

    /// Ends it with an outcome that depends on whether it had been sent.
    ///
    /// - Returns: Whether this was its end.
    @discardableResult
    final func abandon(_ outcome: (_ wasSent: Bool) -> Outcome) -> Bool {
        let before = stage.exchange(PostgresStage.finished, ordering: .acquiringAndReleasing)
        guard before == PostgresStage.queued || before == PostgresStage.sent, let continuation else { return false }
        self.continuation = nil
        continuation.resume(returning: outcome(before == PostgresStage.sent))
        return true
    }

    private func advance(_ from: UInt8, to: UInt8) -> Bool {
        stage.compareExchange(expected: from, desired: to, ordering: .acquiringAndReleasing).exchanged
    }
}

private enum PostgresStage {
    static let new: UInt8 = 0
    static let queued: UInt8 = 1
    static let sent: UInt8 = 2
    static let finished: UInt8 = 3
}

extension PostgresOutcome: PostgresPromised {}

/// A value or an error.
enum PostgresEnd<Value: Sendable>: PostgresPromised {
    case success(Value)
    case failure(StoreError)

    static func cancelled(wasSent: Bool) -> Self { .failure(.cancelled(applied: wasSent ? .unknown : .no)) }

    func get() throws(StoreError) -> Value {
        switch self {
        case .success(let value): return value
        case .failure(let error): throw error
        }
    }
}
