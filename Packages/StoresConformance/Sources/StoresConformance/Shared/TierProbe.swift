import StoresCore

/// What the rules for all tiers (X, R) need of one: a write, a read, a refusal, a failure at the backend.
struct TierProbe: Sendable {
    /// Something that was written, and how to see it through any view on the same data.
    typealias Written = @Sendable (Stores) async throws -> Bool

    let tier: Tier
    /// Ensures what is needed and writes; returns how to see it.
    let write: @Sendable (Bench, Stores) async throws -> Written
    /// A cheap call that reaches the backend.
    let touch: @Sendable (Bench, Stores, Deadline?) async throws -> Void
    /// A call with this text as content, which is refused before any I/O.
    let refused: @Sendable (Bench, String) async throws -> Void
    /// A call with this text as content, which fails at the backend, not for want of a capability.
    let failing: @Sendable (Bench, String) async throws -> Void
    /// Ids of a bulk write of so many items, and of an empty one.
    let bulk: @Sendable (Bench, Int) async throws -> (asked: [String], result: BulkResult, there: Int)
    /// Prepares a write that takes a while, and returns it: each call writes something new, within the deadline.
    let slow: @Sendable (Bench) async throws -> @Sendable (Deadline) async throws -> BulkResult
    let ping: @Sendable (Stores) async throws -> BackendStatus
    /// Runs a body with the handle as a type that it is, and as one that it is not.
    let native: @Sendable (Stores) async throws -> Void
    let wrongNative: @Sendable (Stores) async throws -> Void
    /// A read with `limit` 0, and one of more than a declared limit, if there is one.
    let limited: @Sendable (Bench, Int) async throws -> Void
    /// Ids of the same listing or query, in the order they came, with the order that they must have.
    let ordered: @Sendable (Bench) async throws -> (actual: [String], expected: [String])
}

/// A type that no backend hands out.
struct NoHandle: Sendable {}
