import StoresCore

/// Whether a change stream tells what is appended, and when one is opened, anew or no more: decided here, done by
/// ``MongoEventSignal``.
struct MongoFollowing: Sendable {
    private enum Stage: Equatable {
        case off
        case opening
        case open(since: MonotonicInstant, heardAt: MonotonicInstant)
        case refused(code: Int64)
    }

    private var stage = Stage.off
    private var failures = 0
    private var opensAgainAt: MonotonicInstant?
    /// Rises when a change stream was opened and when one was lost: who looked before that looks again.
    private(set) var turns: UInt64 = 0

    /// How long the server waits for an event before it says that it lives.
    static let wait = Duration.milliseconds(500)
    /// One that has said nothing for so long tells nothing.
    static let silence = Duration.seconds(2)
    private static let pauses = Duration.milliseconds(250)...Duration.seconds(30)

    /// What a server says that has no change streams, or not for this user: Unauthorized, CommandNotFound,
    /// CommandNotSupported, NotImplemented, and those of an unknown stage and of a server that is alone.
    static let refusals: Set<Int64> = [13, 59, 115, 238, 40324, 40573]

    /// The code of a refusal that ended it for good.
    var refusal: Int64? { if case .refused(let code) = stage { code } else { nil } }

    /// Whether there is a thread that follows.
    var isRunning: Bool {
        switch stage {
        case .opening, .open: true
        case .off, .refused: false
        }
    }

    /// Whether what is appended now is heard of.
    func hears(at now: MonotonicInstant) -> Bool {
        if case .open(_, let heardAt) = stage { heardAt.duration(to: now) < Self.silence } else { false }
    }

    /// Whether a change stream is to be opened; whoever asks opens it.
    mutating func begins(at now: MonotonicInstant) -> Bool {
        guard stage == .off, opensAgainAt.map({ $0 <= now }) ?? true else { return false }
        stage = .opening
        return true
    }

    /// It is open, or has said something.
    mutating func hear(at now: MonotonicInstant) {
        if case .open(let since, _) = stage {
            stage = .open(since: since, heardAt: now)
        } else {
            stage = .open(since: now, heardAt: now)
            turns += 1
        }
    }

    /// - Parameter error: Why it ended; nil when nobody needed it any more.
    mutating func end(_ error: StoreError?, at now: MonotonicInstant) {
        turns += 1
        if case .open(let since, _) = stage, since.duration(to: now) > .seconds(10) { failures = 0 }
        stage = .off
        opensAgainAt = nil
        guard let error else { return }
        if let code = (error.underlying as? MongoNativeError)?.code, Self.refusals.contains(code) {
            stage = .refused(code: code)
        } else {
            opensAgainAt = now.advanced(
                by: min(Self.pauses.lowerBound * (1 << min(failures, 10)), Self.pauses.upperBound))
            failures += 1
        }
    }
}
