/// The outcome of a bulk operation, item by item: a failed item is never swallowed.
public struct BulkResult: Sendable {
    /// The ids that took effect, in the order given, without repetition.
    public var succeeded: [String]
    /// The ids that did not, each with the reason.
    public var failed: [BulkFailure]

    public init(succeeded: [String] = [], failed: [BulkFailure] = []) {
        self.succeeded = succeeded
        self.failed = failed
    }

    /// From one result for each id, in order.
    init<Success>(ids: [String], _ results: [Result<Success, StoreError>]) {
        self.init()
        for (id, result) in zip(ids, results) {
            switch result {
            case .success: succeeded.append(id)
            case .failure(let error): failed.append(BulkFailure(id: id, error: error))
            }
        }
    }

    public var isComplete: Bool { failed.isEmpty }

    /// Throws the first failure, saying how many there are, when anything failed.
    public func throwIfFailed() throws(StoreError) {
        guard let first = failed.first else { return }
        guard failed.count > 1 else { throw first.error }
        throw StoreError(
            first.error.code,
            "\(failed.count) of \(failed.count + succeeded.count) items failed; the first: \(first.error.message)",
            remedy: first.error.remedy, tier: first.error.tier, adapter: first.error.adapter,
            operation: first.error.operation, endpoint: first.error.endpoint, resource: first.id,
            applied: first.error.applied, underlying: first.error)
    }
}

/// One item that failed.
public struct BulkFailure: Sendable {
    public var id: String
    public var error: StoreError

    public init(id: String, error: StoreError) {
        self.id = id
        self.error = error
    }
}
