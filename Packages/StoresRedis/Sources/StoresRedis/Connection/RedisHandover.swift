import StoresCore
import Synchronization

/// Answers on their way to their callers, who hand them on.
///
/// The pool's other thread may run a resumed task in less time than it takes to resume the next. Were one to resume
/// them all, the other would find nothing to do after each, and sleep and be woken for the next, which costs several
/// times the call. So a few are resumed, and each of them resumes two others before it goes on. Who put the answers
/// here stays answerable for them, since callers may be held up where they run.
final class RedisHandover: Sendable {
    typealias Answer = (RedisConnection.Continuation, RedisOutcome)

    /// How many callers are told at once.
    static let first = 8

    private let count = Atomic<Int>(0)
    /// The last is the next.
    private let answers = Guarded<[Answer]>([])

    /// Whether there is nothing to hand on. Who comes from elsewhere may see it late.
    var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

    /// Takes answers, the last of which is the next, and tells the first; leaves memory for others in their place.
    func put(_ answers: inout [Answer]) {
        pass(.max)
        self.answers.withLock { kept in
            swap(&kept, &answers)
            count.store(kept.count, ordering: .relaxed)
        }
        pass(Self.first)
    }

    /// Tells the next callers, so many at most.
    func pass(_ most: Int = 2) {
        var told = 0
        while told < most {
            let (first, second) = answers.withLock { kept -> (Answer?, Answer?) in
                let pair = (kept.popLast(), kept.popLast())
                count.store(kept.count, ordering: .relaxed)
                return pair
            }
            guard let first else { return }
            first.0.resume(returning: first.1)
            if let second { second.0.resume(returning: second.1) }
            told += 2
        }
    }
}
