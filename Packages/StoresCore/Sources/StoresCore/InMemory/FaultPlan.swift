import Synchronization

/// Failures to be thrown by the in-memory drivers: the next ones of an operation, in order.
public final class FaultPlan: Sendable {
    /// When an injected failure strikes.
    public enum Moment: Sendable, Hashable {
        /// Nothing was done.
        case before
        /// The write took effect, and its answer is lost: the error says `applied: .unknown`.
        case after
    }

    private struct Fault {
        var tier: Tier
        var operation: String?
        var moment: Moment
        var error: StoreError
        var skipping: Int
        var remaining: Int
    }

    private let faults = Mutex<[Fault]>([])

    public init() {}

    /// - Parameters:
    ///   - tier: The tier whose driver is to fail.
    ///   - operation: The driver's operation, for example `upsert`; nil for any.
    ///   - times: How many calls fail.
    ///   - skipping: How many calls succeed before that.
    ///   - moment: Before or after the write took effect.
    ///   - error: What is thrown, for example a `conflict`; by default a transient `unavailable`.
    public func fail(
        _ tier: Tier, _ operation: String? = nil, times: Int = 1, skipping: Int = 0,
        at moment: Moment = .before, with error: StoreError? = nil
    ) {
        let error =
            error
            ?? StoreError(
                .unavailable, "injected fault", applied: moment == .before ? .no : .unknown)
        faults.withLock {
            $0.append(
                Fault(
                    tier: tier, operation: operation, moment: moment, error: error, skipping: skipping,
                    remaining: times))
        }
    }

    /// Called by a driver before and after its work.
    func strike(_ tier: Tier, _ operation: String, _ moment: Moment) throws(StoreError) {
        let error = faults.withLock { faults -> StoreError? in
            guard
                let index = faults.firstIndex(where: {
                    $0.remaining > 0 && $0.tier == tier && $0.moment == moment
                        && ($0.operation == nil || $0.operation == operation)
                })
            else { return nil }
            guard faults[index].skipping <= 0 else {
                faults[index].skipping -= 1
                return nil
            }
            faults[index].remaining -= 1
            let error = faults[index].error
            if faults[index].remaining == 0 { faults.remove(at: index) }
            return error
        }
        if let error { throw error }
    }
}

extension InMemoryBehavior {
    /// Runs a driver's synchronous work between the faults that are planned for it.
    func perform<T>(
        _ tier: Tier, _ operation: String, _ context: CallContext, _ body: () throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try context.check("\(tier.rawValue).\(operation)", applied: .no)
        guard let faults else { return try body() }
        try faults.strike(tier, operation, .before)
        let result = try body()
        try faults.strike(tier, operation, .after)
        return result
    }
}
