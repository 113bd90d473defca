/// What an adapter implements for the session tier. An entry is invisible from `expiresAt` on (S4).
///
/// Keys are paths with `/` between segments; a prefix matches the key that equals it and those that continue it with
/// `/`. A key holds a value, a counter or a list; another kind than the operation wants is `preconditionFailed`.
public protocol SessionDriver: Sendable {
    /// One result for each key, in order; nil where there is none. A counter reads as its decimal text.
    func get(_ keys: [String], context: CallContext) async throws(StoreError) -> [SessionEntry?]

    /// Independent writes, one result each, in order; in one round trip where the backend allows (S10).
    func set(_ writes: [SessionWrite], context: CallContext) async throws(StoreError)
        -> [Result<SessionReceipt, StoreError>]

    /// Removes keys; for each, whether it was there. `ifMatch` as for writes.
    func delete(_ keys: [String], condition: SessionCondition, context: CallContext) async throws(StoreError) -> [Bool]

    /// Removes every key within the prefix; how many were visible.
    func delete(prefix: String, context: CallContext) async throws(StoreError) -> Int

    /// A page of the keys within the prefix (nil: all). Every key that stays throughout appears at least once (S6).
    func scan(prefix: String?, cursor: Cursor?, limit: Int, context: CallContext) async throws(StoreError)
        -> Page<String>

    /// Sets a new expiry on any kind of key and returns when it expires; nil when the key is missing.
    func touch(_ key: String, expiry: Expiry, context: CallContext) async throws(StoreError) -> SessionTouch?
}

/// What `touch` found.
public struct SessionTouch: Sendable, Hashable {
    public var expiresAt: Timestamp?

    public init(expiresAt: Timestamp?) {
        self.expiresAt = expiresAt
    }
}

public struct SessionWrite: Sendable, Hashable {
    public var key: String
    public var value: SessionValue
    public var expiry: Expiry
    public var condition: SessionCondition
    public var leaseGuard: LeaseGuard?

    public init(
        key: String, value: SessionValue, expiry: Expiry = .keep, condition: SessionCondition = .none,
        leaseGuard: LeaseGuard? = nil
    ) {
        self.key = key
        self.value = value
        self.expiry = expiry
        self.condition = condition
        self.leaseGuard = leaseGuard
    }
}

/// Atomic counters and bounded lists, each in one round trip (S7; capabilities `increment` and `append`).
public protocol StructuredSessionDriver: SessionDriver {
    /// Adds to a counter, which starts at 0. Overflow of `Int64` is `preconditionFailed` and changes nothing.
    func increment(_ key: String, by amount: Int64, expiry: Expiry, context: CallContext) async throws(StoreError)
        -> Int64

    /// Appends to a list and drops all but the last `keepLast`; returns how many it holds.
    func append(_ elements: [[UInt8]], to key: String, keepLast: Int, expiry: Expiry, context: CallContext)
        async throws(StoreError) -> Int

    /// The last `count` elements of a list, oldest first; nil when the key is missing.
    func elements(_ key: String, last count: Int, context: CallContext) async throws(StoreError) -> [[UInt8]]?
}

/// All or nothing (S8; capability `transactions`).
public protocol TransactionalSessionDriver: SessionDriver {
    /// Checks every condition, then applies every operation, or throws the first failure and applies none.
    func transact(_ operations: [SessionOperation], context: CallContext) async throws(StoreError) -> [SessionOutcome]
}

public enum SessionOperation: Sendable, Hashable {
    case set(SessionWrite)
    /// `outcome` says whether it was there.
    case delete(key: String, condition: SessionCondition)
    /// Changes nothing; the transaction fails with `conflict` unless the condition holds.
    case check(key: String, condition: SessionCondition)

    public var key: String {
        switch self {
        case .set(let write): write.key
        case .delete(let key, _), .check(let key, _): key
        }
    }
}

public enum SessionOutcome: Sendable, Hashable {
    case set(SessionReceipt)
    case deleted(Bool)
    case checked
}

/// Leases with fencing (S9; capability `leases`). Lease keys have a name space of their own beside the entries'.
public protocol LeasingDriver: Sendable {
    /// Grants the lease when nobody holds it; nil while somebody does. `generation` strictly rises.
    func acquireLease(_ key: String, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease?

    /// Extends a lease that is still the latest and has not expired; else `preconditionFailed(.version(current))`.
    func renewLease(_ lease: Lease, ttl: Duration, context: CallContext) async throws(StoreError) -> Lease

    /// Ends it early; false when it was superseded or had expired. The generation is not reused.
    func releaseLease(_ lease: Lease, context: CallContext) async throws(StoreError) -> Bool
}
