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
    ///
    /// What is thrown is retryable when every failure is, after the longest of their waits; `applied` is `unknown`
    /// unless nothing took effect.
    public func throwIfFailed() throws(StoreError) {
        guard let first = failed.first else { return }
        guard failed.count > 1 else {
            throw succeeded.isEmpty ? first.error : first.error.replacing(applied: .unknown)
        }
        let isUntouched = succeeded.isEmpty && failed.allSatisfy { $0.error.applied == .no }
        throw first.error.replacing(
            message:
                "\(failed.count) of \(failed.count + succeeded.count) items failed; the first: \(first.error.message)",
            resource: first.id, applied: isUntouched ? .no : .unknown,
            retryAfter: failed.compactMap(\.error.retryAfter).max(),
            isRetryable: failed.allSatisfy(\.error.isRetryable))
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
