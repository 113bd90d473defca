import StoresCore
import Synchronization

/// How long the calls of each tier took together, and how many there were.
final class DemoTimings: Sendable {
    private let times = Mutex<[Tier: (total: Duration, calls: Int)]>([:])

    func measure<T>(_ tier: Tier, _ body: () async throws -> T) async rethrows -> T {
        let start = ContinuousClock.now
        defer {
            let duration = start.duration(to: .now)
            times.withLock {
                let old = $0[tier] ?? (.zero, 0)
                $0[tier] = (old.total + duration, old.calls + 1)
            }
        }
        return try await body()
    }

    func total(_ tier: Tier) -> Duration { times.withLock { $0[tier]?.total ?? .zero } }
    func calls(_ tier: Tier) -> Int { times.withLock { $0[tier]?.calls ?? 0 } }
}
