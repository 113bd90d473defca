extension ExpectedRevision {
    /// Whether a stream is where an append expects it.
    ///
    /// - Parameter actual: The stream's last revision; nil when it does not exist.
    public func isMet(by actual: Int64?) -> Bool {
        switch self {
        case .any: true
        case .noStream: actual == nil
        case .exists: actual != nil
        case .exact(let revision): actual == revision
        }
    }

    /// The error of an append whose expectation is not met (E3).
    ///
    /// - Parameter actual: The stream's last revision; nil when it does not exist.
    public func conflict(with actual: Int64?, in stream: String) -> StoreError {
        let found = actual.map { "its last revision is \($0)" } ?? "it does not exist"
        let wanted =
            switch self {
            case .any: "anything"
            case .noStream: "that it does not exist"
            case .exists: "that it exists"
            case .exact(let revision): "its last revision to be \(revision)"
            }
        return StoreError(
            .conflict, "the append expects \(wanted); \(found)",
            remedy: "read the stream again, decide anew, and append with its last revision", resource: stream,
            applied: .no, conflict: .revision(expected: self, actual: actual))
    }
}

extension StoreError {
    /// The error of an append of which some events are in the stream, and others are not or elsewhere (E4).
    public static func partialDuplicate(in stream: String) -> StoreError {
        StoreError(
            .conflict, "some of the events are in the stream already, but not all of them in this order",
            remedy: "give new events new ids, and repeat an append with exactly the events it had", resource: stream,
            applied: .no, conflict: .partialDuplicate)
    }
}
