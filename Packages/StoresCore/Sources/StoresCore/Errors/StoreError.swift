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
        /// The target is not in the state that the operation needs (a superseded lease, a list where a value is wanted).
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
        case yes, no, unknown
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

    // One box, so that a throwing call returns a single word and `Result`s stay small.
    private final class Storage: Sendable {
        let code: Code
        let message: String
        let remedy: String?
        let tier: Tier?
        let adapter: String?
        let operation: String?
        let endpoint: String?
        let resource: String?
        let applied: Applied?
        let conflict: Conflict?
        let retryAfter: Duration?
        let retryable: Bool?
        let phase: Phase?
        let underlying: (any Error)?

        init(
            _ code: Code, _ message: String, _ remedy: String?, _ tier: Tier?, _ adapter: String?,
            _ operation: String?, _ endpoint: String?, _ resource: String?, _ applied: Applied?, _ conflict: Conflict?,
            _ retryAfter: Duration?, _ retryable: Bool?, _ phase: Phase?, _ underlying: (any Error)?
        ) {
            self.code = code
            self.message = message
            self.remedy = remedy
            self.tier = tier
            self.adapter = adapter
            self.operation = operation
            self.endpoint = endpoint
            self.resource = resource
            self.applied = applied
            self.conflict = conflict
            self.retryAfter = retryAfter
            self.retryable = retryable
            self.phase = phase
            self.underlying = underlying
        }
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
    ///   - phase: While connecting: where it failed.
    ///   - underlying: The native error; its text appears in `debugDescription` alone.
    public init(
        _ code: Code, _ message: String, remedy: String? = nil, tier: Tier? = nil, adapter: String? = nil,
        operation: String? = nil, endpoint: String? = nil, resource: String? = nil, applied: Applied? = nil,
        conflict: Conflict? = nil, retryAfter: Duration? = nil, isRetryable: Bool? = nil,
        phase: Phase? = nil, underlying: (any Error)? = nil
    ) {
        storage = Storage(
            code, message, remedy, tier, adapter, operation, endpoint.map(Redaction.endpoint), resource, applied,
            conflict, retryAfter, isRetryable, phase, underlying)
    }

    public var code: Code { storage.code }
    public var message: String { storage.message }
    public var remedy: String? { storage.remedy }
    public var tier: Tier? { storage.tier }
    public var adapter: String? { storage.adapter }
    public var operation: String? { storage.operation }
    public var endpoint: String? { storage.endpoint }
    public var resource: String? { storage.resource }
    public var applied: Applied? { storage.applied }
    public var conflict: Conflict? { storage.conflict }
    public var retryAfter: Duration? { storage.retryAfter }
    public var phase: Phase? { storage.phase }
    public var underlying: (any Error)? { storage.underlying }

    /// Whether the same call may succeed later without any change: true for `unavailable`, `rateLimited` and
    /// `timeout`, unless the driver said otherwise. Authentication failures never are.
    public var isRetryable: Bool {
        if code == .unauthenticated || code == .permissionDenied { return false }
        return storage.retryable ?? (code == .unavailable || code == .rateLimited || code == .timeout)
    }

    /// The same error with what was nil filled in; what the driver said stays.
    public func filling(
        tier: Tier? = nil, adapter: String? = nil, operation: String? = nil, endpoint: String? = nil,
        resource: String? = nil, remedy: String? = nil, applied: Applied? = nil, phase: Phase? = nil
    ) -> StoreError {
        StoreError(
            code, message, remedy: self.remedy ?? remedy, tier: self.tier ?? tier, adapter: self.adapter ?? adapter,
            operation: self.operation ?? operation, endpoint: self.endpoint ?? endpoint,
            resource: self.resource ?? resource, applied: self.applied ?? applied, conflict: conflict,
            retryAfter: retryAfter, isRetryable: storage.retryable, phase: self.phase ?? phase, underlying: underlying)
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
