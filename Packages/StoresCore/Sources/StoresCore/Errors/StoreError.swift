/// What every call of every tier throws.
///
/// `description` is safe to log: it holds no secret and no content of a record. `debugDescription` adds the native
/// error's text. ``remedy`` says in one line what to do next.
public struct StoreError: Error, Sendable {
    /// The kind of failure. Open: compare with `==`, and treat what you do not know as `.internal`.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let notFound = Code(rawValue: "notFound")
        public static let alreadyExists = Code(rawValue: "alreadyExists")
        /// Somebody else was first: the caller's version, etag or revision is stale.
        public static let conflict = Code(rawValue: "conflict")
        /// The target is not in the state that the operation needs (a superseded lease, a list where a value belongs).
        public static let preconditionFailed = Code(rawValue: "preconditionFailed")
        public static let invalidArgument = Code(rawValue: "invalidArgument")
        public static let unsupported = Code(rawValue: "unsupported")
        public static let schemaMismatch = Code(rawValue: "schemaMismatch")
        public static let tooLarge = Code(rawValue: "tooLarge")
        public static let rateLimited = Code(rawValue: "rateLimited")
        public static let unauthenticated = Code(rawValue: "unauthenticated")
        public static let permissionDenied = Code(rawValue: "permissionDenied")
        public static let unavailable = Code(rawValue: "unavailable")
        public static let timeout = Code(rawValue: "timeout")
        public static let cancelled = Code(rawValue: "cancelled")
        public static let corrupt = Code(rawValue: "corrupt")
        public static let `internal` = Code(rawValue: "internal")

        public static let all: [Code] = [
            .notFound, .alreadyExists, .conflict, .preconditionFailed, .invalidArgument, .unsupported,
            .schemaMismatch, .tooLarge, .rateLimited, .unauthenticated, .permissionDenied, .unavailable, .timeout,
            .cancelled, .corrupt, .internal,
        ]
    }

    /// Whether a failed write took effect.
    public enum Applied: String, Sendable, Hashable {
        case yes, no
        /// The answer was lost, or a part took effect.
        case unknown
    }

    /// How far the connection to a backend came before it failed (X10).
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        case configuration, dns, tcp, tls, authentication, open, version, schema
    }

    /// What the write met, where it was refused because of what is there.
    public enum Conflict: Sendable, Hashable {
        /// The version or generation that is there; 0 when nothing is there.
        case version(current: Int64)
        /// The etag that is there; nil when nothing is there.
        case etag(current: String?)
        /// The stream's last revision; nil when the stream does not exist.
        case revision(expected: ExpectedRevision, actual: Int64?)
        /// Some, but not all, of the events are in the stream already.
        case partialDuplicate
        /// A collection or index that exists with another shape.
        case schema(found: String, wanted: String)
    }

    private struct Fields {
        var code: Code
        var message: String
        var remedy: String?
        var tier: Tier?
        var adapter: String?
        var operation: String?
        /// Redacted, once, on its way in.
        var endpoint: String?
        var resource: String?
        var applied: Applied?
        var conflict: Conflict?
        var retryAfter: Duration?
        var retryable: Bool?
        var isLocal: Bool
        var phase: Phase?
        var underlying: (any Error)?
    }

    // One box, so that a throwing call returns a single word and `Result`s stay small.
    private final class Storage: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    private let storage: Storage

    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: What happened, with the name of the field, the limit and the offending size; never a secret and
    ///     never a record's content.
    ///   - remedy: One line: what to do next, with the environment variable and, for a local service, the command.
    ///   - tier: Left nil by drivers; the tier type fills it in, as it does `adapter`, `operation` and `endpoint`.
    ///   - adapter: The adapter's registered name.
    ///   - operation: The tier's operation, for example `upsert`.
    ///   - endpoint: Where the backend is; secrets are removed by ``Redaction``.
    ///   - resource: The collection, key, stream or object concerned.
    ///   - applied: For writes: whether it took effect. Nil means: not a write, or `no` for errors before I/O.
    ///   - conflict: For `conflict`, `preconditionFailed` and `schemaMismatch`: what is there.
    ///   - retryAfter: The server's own wish, if it gave one.
    ///   - isRetryable: Overrides what the code says; see ``isRetryable``.
    ///   - isLocal: The backend is not to blame; see ``isLocal``.
    ///   - phase: While connecting: where it failed.
    ///   - underlying: The native error; its text appears in `debugDescription` alone.
    public init(
        _ code: Code, _ message: String, remedy: String? = nil, tier: Tier? = nil, adapter: String? = nil,
        operation: String? = nil, endpoint: String? = nil, resource: String? = nil, applied: Applied? = nil,
        conflict: Conflict? = nil, retryAfter: Duration? = nil, isRetryable: Bool? = nil, isLocal: Bool = false,
        phase: Phase? = nil, underlying: (any Error)? = nil
    ) {
        storage = Storage(
            Fields(
                code: code, message: message, remedy: remedy, tier: tier, adapter: adapter, operation: operation,
                endpoint: endpoint.map(Redaction.endpoint), resource: resource, applied: applied, conflict: conflict,
                retryAfter: retryAfter, retryable: isRetryable, isLocal: isLocal, phase: phase,
                underlying: underlying))
    }

    private init(_ fields: Fields) {
        storage = Storage(fields)
    }

    public var code: Code { storage.fields.code }
    public var message: String { storage.fields.message }
    public var remedy: String? { storage.fields.remedy }
    public var tier: Tier? { storage.fields.tier }
    public var adapter: String? { storage.fields.adapter }
    public var operation: String? { storage.fields.operation }
    public var endpoint: String? { storage.fields.endpoint }
    public var resource: String? { storage.fields.resource }
    public var applied: Applied? { storage.fields.applied }
    public var conflict: Conflict? { storage.fields.conflict }
    public var retryAfter: Duration? { storage.fields.retryAfter }
    public var phase: Phase? { storage.fields.phase }
    public var underlying: (any Error)? { storage.fields.underlying }

    /// Whether the cause is in this process or its caller and not in the backend: no free place among the concurrent
    /// calls, a body that failed, a full local disk. Such an error says nothing about whether the backend answers, so
    /// the circuit breaker does not count it, whatever its code.
    public var isLocal: Bool { storage.fields.isLocal }

    /// Whether the same call may succeed later without any change: true for `unavailable`, `rateLimited` and
    /// `timeout`, unless the driver said otherwise. Authentication failures never are.
    public var isRetryable: Bool {
        if code == .unauthenticated || code == .permissionDenied { return false }
        return storage.fields.retryable ?? (code == .unavailable || code == .rateLimited || code == .timeout)
    }

    /// The same error with what was nil filled in; what the driver said stays.
    public func filling(
        tier: Tier? = nil, adapter: String? = nil, operation: String? = nil, endpoint: String? = nil,
        resource: String? = nil, remedy: String? = nil, applied: Applied? = nil, phase: Phase? = nil
    ) -> StoreError {
        var fields = storage.fields
        fields.tier = fields.tier ?? tier
        fields.adapter = fields.adapter ?? adapter
        fields.operation = fields.operation ?? operation
        fields.endpoint = fields.endpoint ?? endpoint.map(Redaction.endpoint)
        fields.resource = fields.resource ?? resource
        fields.remedy = fields.remedy ?? remedy
        fields.applied = fields.applied ?? applied
        fields.phase = fields.phase ?? phase
        return StoreError(fields)
    }

    /// The same error of an operation of which this much took effect.
    func replacing(applied: Applied?) -> StoreError {
        var fields = storage.fields
        fields.applied = applied
        return StoreError(fields)
    }

    /// The same error, about all failures of a bulk operation.
    func replacing(
        message: String, resource: String?, applied: Applied?, retryAfter: Duration?, isRetryable: Bool
    ) -> StoreError {
        var fields = storage.fields
        (fields.message, fields.resource, fields.applied) = (message, resource, applied)
        (fields.retryAfter, fields.retryable) = (retryAfter, isRetryable)
        fields.underlying = self
        return StoreError(fields)
    }

    /// The same error, not to be tried again.
    var notRetryable: StoreError {
        var fields = storage.fields
        fields.retryable = false
        return StoreError(fields)
    }

    /// The same error, for which the backend is not to blame.
    var local: StoreError {
        var fields = storage.fields
        fields.isLocal = true
        return StoreError(fields)
    }
}

extension StoreError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String {
        var text = code.rawValue
        let place = [tier?.rawValue, adapter, operation].compactMap { $0 }.joined(separator: ".")
        if !place.isEmpty { text += " [\(place)]" }
        if let resource { text += " \(Redaction.name(resource))" }
        if let endpoint { text += " at \(endpoint)" }
        text += ": \(message)"
        if let applied, applied != .no { text += " (applied: \(applied.rawValue))" }
        if let remedy { text += "; \(remedy)" }
        return text
    }

    public var debugDescription: String {
        var text = "StoreError(\(description)"
        if let conflict { text += "; conflict: \(conflict)" }
        if let retryAfter { text += "; retry after: \(retryAfter)" }
        if let underlying { text += "; underlying: \(Redaction.secrets(in: String(reflecting: underlying)))" }
        return text + ")"
    }
}

extension StoreError {
    /// An argument that is refused before any I/O.
    public static func invalidArgument(_ message: String, resource: String? = nil, remedy: String? = nil) -> StoreError
    {
        StoreError(.invalidArgument, message, remedy: remedy, resource: resource, applied: .no)
    }

    /// What a task's cancellation becomes. `applied` is `.unknown` when the request may have reached the backend.
    public static func cancelled(applied: Applied? = nil) -> StoreError {
        StoreError(.cancelled, "the task was cancelled", applied: applied)
    }

    public static func timeout(_ what: String, applied: Applied? = nil, underlying: (any Error)? = nil) -> StoreError {
        StoreError(
            .timeout, "\(what) did not finish before its deadline",
            remedy: "give the call a later deadline, or look at the backend's load with: stores doctor",
            applied: applied, underlying: underlying)
    }

    /// A caught error as a `StoreError`: itself, a cancellation, or `internal` around it.
    public static func wrapping(_ error: any Error, _ message: @autoclosure () -> String = "unexpected failure")
        -> StoreError
    {
        switch error {
        case let error as StoreError: error
        case is CancellationError: .cancelled()
        default: StoreError(.internal, message(), underlying: error)
        }
    }
}
