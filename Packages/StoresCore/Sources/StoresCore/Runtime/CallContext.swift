/// What a tier type hands to a driver with each call.
public struct CallContext: Sendable {
    /// The driver enforces it wherever it waits, and throws `timeout` when it passes.
    public let deadline: Deadline
    /// The time source for expiry and leases; read it once for each operation.
    public let clock: any StoreClock
    public let ids: any IDGenerator
    /// 1 for the first try, 2 for the first retry.
    public let attempt: Int

    public init(
        deadline: Deadline, clock: any StoreClock = SystemStoreClock(), ids: any IDGenerator = UUIDGenerator(),
        attempt: Int = 1
    ) {
        self.deadline = deadline
        self.clock = clock
        self.ids = ids
        self.attempt = attempt
    }

    public var now: Timestamp { clock.now }

    /// Throws `cancelled` or `timeout` when there is no point in going on. Call it before I/O and in long loops.
    public func check(_ what: @autoclosure () -> String = "the operation", applied: StoreError.Applied? = nil)
        throws(StoreError)
    {
        if Task.isCancelled { throw .cancelled(applied: applied) }
        if deadline.hasPassed { throw .timeout(what(), applied: applied) }
    }
}
