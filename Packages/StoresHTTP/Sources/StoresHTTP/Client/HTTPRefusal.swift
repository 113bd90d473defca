public import StoresCore

/// What an adapter knows of a refusal beyond what its status says; nil is what the status says.
public struct HTTPRefusal: Sendable, Hashable {
    public var code: StoreError.Code?
    /// In the adapter's words, without what the server wrote.
    public var message: String?
    public var remedy: String?
    public var isRetryable: Bool?

    public init(
        _ code: StoreError.Code? = nil, _ message: String? = nil, _ remedy: String? = nil, isRetryable: Bool? = nil
    ) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.isRetryable = isRetryable
    }

    /// Of a vector that is not as long as those of the collection.
    public static let otherLength = HTTPRefusal(
        nil, "the collection holds vectors of another length",
        "open the collection with its own dimensions; schema mode verify says which")
}

extension StoreError {
    /// A reply that is no success as the error that a caller gets.
    ///
    /// - Parameter known: What an adapter knows of its server's refusals.
    public static func refusal(
        _ reply: HTTPReply, _ configuration: HTTPConfiguration, isWrite: Bool, resource: String?, now: Timestamp,
        _ known: (HTTPFailure) -> HTTPRefusal?
    ) -> StoreError {
        let failure = HTTPFailure(reply, secrets: configuration.secrets, now: now)
        let refusal = known(failure)
        return failure.storeError(
            configuration, isWrite: isWrite, code: refusal?.code, message: refusal?.message, remedy: refusal?.remedy,
            resource: resource, isRetryable: refusal?.isRetryable)
    }
}

#if HTTP
extension HTTPService {
    /// Sends a request and returns the reply of a success.
    ///
    /// - Parameter known: What the adapter knows of its server's refusals.
    /// - Throws: Also every other status.
    public func send(
        _ call: HTTPCall, resource: String?, context: CallContext, known: (HTTPFailure) -> HTTPRefusal?
    ) async throws(StoreError) -> HTTPReply {
        let reply = try await send(call, context: context)
        guard reply.isSuccess else {
            throw .refusal(
                reply, configuration, isWrite: call.isWrite, resource: resource, now: context.now, known)
        }
        return reply
    }
}
#endif
