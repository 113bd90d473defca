/// The session and cache tier: bytes by key with expiry, conditional writes, counters, bounded lists and leases.
///
/// Keys are paths: `/` separates segments. A prefix means whole segments: `user/4` does not reach `user/42`.
public struct SessionStore: Sendable {
    let runtime: TierRuntime
    let driver: any SessionDriver

    /// Bytes of a key, `/` included.
    public static let maxKeyBytes = 1024

    public var adapter: String { runtime.adapter.name }
    public var capabilities: TierCapabilities { runtime.capabilities }

    // MARK: Values

    /// The value that is there, or nil.
    public func get(_ key: String, deadline: Deadline? = nil) async throws(StoreError) -> SessionEntry? {
        try checkKey(key, "get")
        return try await runtime.call("get", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.get([key], context: context).first ?? nil
        }
    }

    /// For each key, in order, what is there or nil; in one round trip where the backend allows (S10).
    public func get(_ keys: [String], deadline: Deadline? = nil) async throws(StoreError) -> [SessionEntry?] {
        for key in keys { try checkKey(key, "get") }
        return try await runtime.bulkRead("get", nil, keys, deadline: deadline) { keys, context throws(StoreError) in
            try await driver.get(keys, context: context)
        }
    }

    /// Writes a value.
    ///
    /// - Parameters:
    ///   - expiry: How long it lives; there is nothing implicit (S2). `.after` counts from now.
    ///   - condition: `.ifMatch` with a stale etag, or on a missing key, is `conflict(.etag(current:))` (S3).
    ///   - leaseGuard: Refused with `preconditionFailed` once a later lease of its key was granted (S9).
    @discardableResult
    public func set(
        _ key: String, _ value: SessionValue, expiry: Expiry, condition: SessionCondition = .none,
        leaseGuard: LeaseGuard? = nil, deadline: Deadline? = nil
    ) async throws(StoreError) -> SessionReceipt {
        let write = SessionWrite(
            key: key, value: value, expiry: expiry, condition: condition, leaseGuard: leaseGuard)
        try check(write, "set")
        return try await runtime.call("set", deadline: deadline, isIdempotent: write.isIdempotent) {
            context throws(StoreError) in
            guard let result = try await driver.set([write], context: context).first else {
                throw runtime.missingAnswer("set")
            }
            return try result.mapError { $0.filling(resource: key) }.get()
        }
    }

    /// Independent writes in one round trip where the backend allows; each stands or fails alone (S10).
    ///
    /// - Parameter writes: At most one for each key: of two with conditions, neither could be said to have failed.
    @discardableResult
    public func set(_ writes: [SessionWrite], deadline: Deadline? = nil) async throws(StoreError) -> BulkResult {
        for write in writes { try check(write, "set") }
        guard writes.lastOfEach(by: \.key).count == writes.count else {
            throw runtime.refuse("a batch has at most one write for each key", "set")
        }
        let receipt = try await runtime.bulkWrite(
            "set", nil, ids: writes.map(\.key), size: { writes[$0].value.bytes.count + writes[$0].key.utf8.count },
            deadline: deadline, isIdempotent: writes.allSatisfy(\.isIdempotent)
        ) { range, context throws(StoreError) in
            let results = try await driver.set(Array(writes[range]), context: context)
            return WriteReceipt(result: BulkResult(ids: writes[range].map(\.key), results), isSearchable: true)
        }
        return receipt.result
    }

    /// Sets a new expiry, which makes it a sliding one; on any kind of key.
    ///
    /// - Returns: Nil when the key is not there.
    @discardableResult
    public func touch(_ key: String, expiry: Expiry, deadline: Deadline? = nil) async throws(StoreError)
        -> SessionTouch?
    {
        try checkKey(key, "touch")
        try checkExpiry(expiry, "touch")
        return try await runtime.call("touch", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.touch(key, expiry: expiry, context: context)
        }
    }

    // MARK: Deleting and listing

    /// - Returns: Whether it was there (S5).
    @discardableResult
    public func delete(_ key: String, condition: SessionCondition = .none, deadline: Deadline? = nil)
        async throws(StoreError) -> Bool
    {
        try checkKey(key, "delete")
        try checkCondition(condition, "delete")
        return try await runtime.call("delete", deadline: deadline, isIdempotent: false) { context throws(StoreError) in
            try await driver.delete([key], condition: condition, context: context).first ?? false
        }
    }

    /// - Returns: How many of them were there.
    @discardableResult
    public func delete(_ keys: [String], deadline: Deadline? = nil) async throws(StoreError) -> Int {
        for key in keys { try checkKey(key, "delete") }
        return try await runtime.bulkDelete("delete", nil, keys, deadline: deadline) {
            keys, context throws(StoreError) in
            try await driver.delete(keys, condition: .none, context: context).count { $0 }
        }
    }

    /// Removes the key that equals the prefix and all that continue it after a `/`.
    ///
    /// - Parameter prefix: Whole segments; an empty one is refused (S5).
    @discardableResult
    public func delete(prefix: String, deadline: Deadline? = nil) async throws(StoreError) -> Int {
        let prefix = try checkPrefix(prefix, "delete")
        return try await runtime.call("deletePrefix", deadline: deadline, isIdempotent: false) {
            context throws(StoreError) in
            try await driver.delete(prefix: prefix, context: context)
        }
    }

    /// A page of the keys within a prefix, or of all. Every key present throughout appears at least once (S6).
    ///
    /// - Parameter limit: About how many keys the page is to have; backends may give more or fewer.
    public func scan(prefix: String? = nil, cursor: Cursor? = nil, limit: Int = 100, deadline: Deadline? = nil)
        async throws(StoreError) -> Page<String>
    {
        try runtime.require(.session(.scan), "scan")
        try runtime.checkLimit(limit, "scan")
        var whole: String?
        if let prefix { whole = try checkPrefix(prefix, "scan") }
        let checked = whole
        return try await runtime.call("scan", deadline: deadline, isIdempotent: true) { context throws(StoreError) in
            try await driver.scan(prefix: checked, cursor: cursor, limit: limit, context: context)
        }
    }

    /// A round trip to the backend.
    public func ping(deadline: Deadline? = nil) async throws(StoreError) -> BackendStatus {
        try await runtime.ping(deadline: deadline)
    }

    /// The backend's own handle (X8).
    public func withNative<Native: Sendable, T>(_ type: Native.Type, _ body: (Native) async throws -> T) async throws
        -> T
    {
        try await body(try runtime.native(as: type))
    }
}
