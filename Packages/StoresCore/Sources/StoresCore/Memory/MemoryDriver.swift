/// What an adapter implements for the memory tier. Expired facts are invisible to every read from `expiresAt` on,
/// swept or not (M6); a write to an expired fact starts it anew at version 1, without the old history. A write to a
/// deleted one goes on from the version at which it was deleted (M3).
public protocol MemoryDriver: Sendable {
    /// Writes facts in order, each with its history line. `ifVersion`: 0 demands that the fact does not exist, n that
    /// its version is n; a mismatch is the item's `conflict(.version(current:))`, and the other items stand.
    /// Returns, in order, the stored fact or the error of each.
    func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>]

    /// The facts that exist, in the order asked for.
    func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact]

    /// Deletes one fact; its history ends with a delete line, of the fact as it was. False when it was not there.
    func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext) async throws(StoreError) -> Bool

    /// The lines of one fact's history, oldest first; empty when there is none.
    func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision]

    /// Removes the facts of the scope and of all under it, with their history, and returns how many were visible (M5).
    func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int

    /// Facts ordered by scope, segment by segment, then by id, in UTF-8 order.
    func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact>

    func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches

    /// Physically removes what has expired, with its history, and returns how many facts.
    func sweep(context: CallContext) async throws(StoreError) -> Int
}

public struct FactPut: Sendable, Hashable {
    public var draft: FactDraft
    public var ifVersion: Int64?

    public init(draft: FactDraft, ifVersion: Int64? = nil) {
        self.draft = draft
        self.ifVersion = ifVersion
    }
}

public struct FactListing: Sendable, Hashable {
    public var scope: Scope
    public var depth: ScopeDepth
    public var filter: Filter?
    public var cursor: Cursor?
    public var limit: Int

    public init(scope: Scope, depth: ScopeDepth, filter: Filter? = nil, cursor: Cursor? = nil, limit: Int) {
        self.scope = scope
        self.depth = depth
        self.filter = filter
        self.cursor = cursor
        self.limit = limit
    }
}

public struct FactRecall: Sendable, Hashable {
    public enum Cue: Sendable, Hashable {
        /// Any of the words, ranked; see ``TextAnalyzer``.
        case text(String)
        /// Cosine against the facts' embeddings; facts without one, or with another dimension, do not take part.
        case vector([Float])
    }

    public var cue: Cue
    public var scope: Scope
    public var depth: ScopeDepth
    public var filter: Filter?
    public var limit: Int
    /// As ``VectorQuery/minSimilarity``; vector cues only.
    public var minSimilarity: Double?

    public init(
        cue: Cue, scope: Scope, depth: ScopeDepth, filter: Filter? = nil, limit: Int, minSimilarity: Double? = nil
    ) {
        self.cue = cue
        self.scope = scope
        self.depth = depth
        self.filter = filter
        self.limit = limit
        self.minSimilarity = minSimilarity
    }
}
