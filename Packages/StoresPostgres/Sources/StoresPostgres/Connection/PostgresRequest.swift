import Synchronization

/// One or more commands that succeed or fail together, and the task that waits for them.
///
/// `@unchecked Sendable`: `continuation` is written before the state leaves `new` and read once, by whoever brings the
/// state to `finished`; `resends` belongs to the connection that has the request, under its lock.
final class PostgresRequest: @unchecked Sendable {
    private enum Stage {
        static let new: UInt8 = 0
        static let queued: UInt8 = 1
        static let sent: UInt8 = 2
        static let finished: UInt8 = 3
    }

    let commands: [PostgresEncodedCommand]
    let kind: PostgresKind
    let deadline: ContinuousClock.Instant
    /// Whether the server's time limit is set to fit the deadline. Not within a transaction, whose end might revert it.
    let setsTimeout: Bool
    /// How often it was sent again, since its neighbour failed or a prepared statement was outdated.
    var resends = 0
    private let stage = Atomic<UInt8>(Stage.new)
    private var continuation: UnsafeContinuation<PostgresOutcome, Never>?

    init(
        _ commands: [PostgresEncodedCommand], _ kind: PostgresKind, deadline: ContinuousClock.Instant,
        setsTimeout: Bool = true
    ) {
        self.commands = commands
        self.setsTimeout = setsTimeout
        self.kind = kind
        self.deadline = deadline
    }

    /// A read of one command may share its Sync with others.
    var isShareable: Bool { kind == .read && commands.count == 1 && resends == 0 }

    var isFinished: Bool { stage.load(ordering: .acquiring) == Stage.finished }

    /// Hands the request to `submit` and waits for its end. Once.
    func run(isCancellable: Bool, _ submit: (PostgresRequest) -> Void) async -> PostgresOutcome {
        guard isCancellable else { return await wait(submit) }
        return await withTaskCancellationHandler {
            await wait(submit)
        } onCancel: {
            // Before it is queued nobody is there to be resumed.
            if advance(Stage.new, to: Stage.finished) { return }
            abandon { .cancelled(wasSent: $0) }
        }
    }

    private func wait(_ submit: (PostgresRequest) -> Void) async -> PostgresOutcome {
        await withUnsafeContinuation { continuation in
            self.continuation = continuation
            guard advance(Stage.new, to: Stage.queued) else {
                return continuation.resume(returning: .cancelled(wasSent: false))
            }
            submit(self)
        }
    }

    /// To be called before the first byte is sent.
    ///
    /// - Returns: False when nobody waits for it any more: it must not be sent.
    func beginSending() -> Bool {
        advance(Stage.queued, to: Stage.sent) || stage.load(ordering: .acquiring) == Stage.sent
    }

    /// Ends it; only the first end counts.
    func finish(_ outcome: PostgresOutcome) { abandon { _ in outcome } }

    /// Ends it with an outcome that depends on whether it had been sent.
    ///
    /// - Returns: Whether this was its end.
    @discardableResult
    func abandon(_ outcome: (_ wasSent: Bool) -> PostgresOutcome) -> Bool {
        let before = stage.exchange(Stage.finished, ordering: .acquiringAndReleasing)
        guard before == Stage.queued || before == Stage.sent, let continuation else { return false }
        self.continuation = nil
        continuation.resume(returning: outcome(before == Stage.sent))
        return true
    }

    private func advance(_ from: UInt8, to: UInt8) -> Bool {
        stage.compareExchange(expected: from, desired: to, ordering: .acquiringAndReleasing).exchanged
    }
}
