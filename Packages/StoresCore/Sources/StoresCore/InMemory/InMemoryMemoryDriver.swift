import Synchronization

/// Facts in memory: the reference for the memory tier. Exact, and ranked by text with ``TextAnalyzer/standard``.
public final class InMemoryMemoryDriver: MemoryDriver {
    private let behavior: InMemoryBehavior
    private let state = Mutex(InMemoryMemoryState())

    public init(behavior: InMemoryBehavior = InMemoryBehavior()) {
        self.behavior = behavior
    }

    public func put(_ puts: [FactPut], context: CallContext) async throws(StoreError) -> [Result<Fact, StoreError>] {
        try perform("put", context) { state, now in puts.map { state.put($0, now) } }
    }

    public func get(_ ids: [String], scope: Scope, context: CallContext) async throws(StoreError) -> [Fact] {
        try perform("get", context) { state, now in ids.compactMap { state.fact($0, scope, now) } }
    }

    public func delete(_ id: String, scope: Scope, ifVersion: Int64?, context: CallContext)
        async throws(StoreError) -> Bool
    {
        try perform("delete", context) { (state, now) throws(StoreError) -> Bool in
            try state.delete(id, scope, ifVersion, now)
        }
    }

    public func history(_ id: String, scope: Scope, context: CallContext) async throws(StoreError) -> [FactRevision] {
        try perform("history", context) { state, now in state.history(id, scope, now) }
    }

    public func forget(_ scope: Scope, context: CallContext) async throws(StoreError) -> Int {
        try perform("forget", context) { state, now in state.forget(scope, now) }
    }

    public func list(_ request: FactListing, context: CallContext) async throws(StoreError) -> Page<Fact> {
        try perform("list", context) { (state, now) throws(StoreError) -> Page<Fact> in try state.list(request, now) }
    }

    public func recall(_ request: FactRecall, context: CallContext) async throws(StoreError) -> FactMatches {
        try perform("recall", context) { (state, now) throws(StoreError) -> FactMatches in
            try state.recall(request, now)
        }
    }

    public func sweep(context: CallContext) async throws(StoreError) -> Int {
        try perform("sweep", context) { state, now in state.sweep(now) }
    }

    private func perform<T: Sendable>(
        _ operation: String, _ context: CallContext,
        _ body: (inout InMemoryMemoryState, Timestamp) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        try behavior.perform(.memory, operation, context) { () throws(StoreError) -> T in
            let now = context.now
            return try state.withLock { (state) throws(StoreError) -> T in try body(&state, now) }
        }
    }
}
