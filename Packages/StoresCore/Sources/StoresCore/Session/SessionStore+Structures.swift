// Counters, lists, transactions and leases: what a backend may lack, each behind its capability.

extension SessionStore {
    /// Adds to a counter in one round trip and returns the sum; a missing one starts at 0 (S7).
    ///
    /// - Throws: `preconditionFailed` for a key that holds no counter, and when the sum leaves `Int64`.
    @discardableResult
    public func increment(_ key: String, by amount: Int64 = 1, expiry: Expiry, deadline: Deadline? = nil)
        async throws(StoreError) -> Int64
    {
        let driver = try structured(.increment, "increment")
        try checkKey(key, "increment")
        try checkExpiry(expiry, "increment")
        return try await runtime.call("increment", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.increment(key, by: amount, expiry: expiry, context: context)
        }
    }

    /// Appends to a list and keeps the last `keepLast`, in one round trip (S7): a conversation's last entries.
    ///
    /// - Returns: How many entries the list holds.
    @discardableResult
    public func append(
        _ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, deadline: Deadline? = nil
    ) async throws(StoreError) -> Int {
        let driver = try structured(.append, "append")
        try checkKey(key, "append")
        try checkExpiry(expiry, "append")
        guard keepLast >= 1 else { throw runtime.refuse("keepLast is at least 1; got \(keepLast)", "append") }
        for element in elements { try checkValueSize(element.count, "append") }
        guard !elements.isEmpty else { throw runtime.refuse("there is nothing to append", "append") }
        return try await runtime.call("append", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            try await driver.append(elements, to: key, keepLast: keepLast, expiry: expiry, context: context)
        }
    }

    /// The last elements of a list, oldest first; nil when the key is not there.
    public func elements(_ key: String, last count: Int = .max, deadline: Deadline? = nil) async throws(StoreError)
        -> [[UInt8]]?
    {
        let driver = try structured(.append, "elements")
        try checkKey(key, "elements")
        guard count >= 1 else { throw runtime.refuse("last is at least 1; got \(count)", "elements") }
        return try await runtime.call("elements", deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await driver.elements(key, last: count, context: context)
        }
    }

    /// All or nothing (S8): the first condition that fails is thrown, and nothing is applied.
    ///
    /// - Parameter operations: At most one for each key.
    public func transaction(_ operations: [SessionOperation], deadline: Deadline? = nil) async throws(StoreError)
        -> [SessionOutcome]
    {
        let operation = "transaction"
        try runtime.require(.session(.transactions), operation)
        guard let driver = driver as? any TransactionalSessionDriver else {
            throw runtime.unsupported(.session(.transactions), operation)
        }
        if let most = capabilities.limits[.transactionCount], operations.count > most {
            throw runtime.refuse(
                "a transaction has at most \(most) operations here; got \(operations.count)", operation)
        }
        for item in operations {
            switch item {
            case .set(let write): try check(write, operation)
            case .delete(let key, let condition), .check(let key, let condition):
                try checkKey(key, operation)
                try checkCondition(condition, operation)
            }
        }
        guard operations.lastOfEach(by: \.key).count == operations.count else {
            throw runtime.refuse("a transaction has at most one operation for each key", operation)
        }
        guard !operations.isEmpty else { return [] }
        return try await runtime.call(operation, deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.transact(operations, context: context)
        }
    }

    // MARK: Leases

    /// Takes a lease; nil while another holder has it. Its generation strictly rises with every grant (S9).
    public func acquireLease(_ key: String, ttl: Duration, deadline: Deadline? = nil) async throws(StoreError) -> Lease?
    {
        let leases = try leases("acquireLease")
        try checkKey(key, "acquireLease")
        try checkExpiry(.after(ttl), "acquireLease")
        return try await runtime.call("acquireLease", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await leases.acquireLease(key, ttl: ttl, context: context)
        }
    }

    /// Extends a lease that is still the latest and has not expired.
    ///
    /// - Throws: `preconditionFailed` with the current generation when it is lost.
    public func renewLease(_ lease: Lease, ttl: Duration, deadline: Deadline? = nil) async throws(StoreError) -> Lease {
        let leases = try leases("renewLease")
        try checkLease(lease.key, lease.generation, "renewLease")
        try checkExpiry(.after(ttl), "renewLease")
        return try await runtime.call("renewLease", deadline: deadline, isIdempotent: true) {
            context throws(StoreError) in
            try await leases.renewLease(lease, ttl: ttl, context: context)
        }
    }

    /// Ends a lease early.
    ///
    /// - Returns: False when it was lost before.
    @discardableResult
    public func releaseLease(_ lease: Lease, deadline: Deadline? = nil) async throws(StoreError) -> Bool {
        let leases = try leases("releaseLease")
        try checkLease(lease.key, lease.generation, "releaseLease")
        return try await runtime.call("releaseLease", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await leases.releaseLease(lease, context: context)
        }
    }

    private func structured(_ capability: SessionCapability, _ operation: String) throws(StoreError)
        -> any StructuredSessionDriver
    {
        try runtime.require(.session(capability), operation)
        guard let driver = driver as? any StructuredSessionDriver else {
            throw runtime.unsupported(.session(capability), operation)
        }
        return driver
    }

    private func leases(_ operation: String) throws(StoreError) -> any LeasingDriver {
        try runtime.require(.session(.leases), operation)
        guard let driver = driver as? any LeasingDriver else { throw runtime.unsupported(.session(.leases), operation) }
        return driver
    }
}
