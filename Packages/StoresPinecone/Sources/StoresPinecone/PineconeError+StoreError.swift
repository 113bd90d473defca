#if HTTP
import StoresCore
import StoresHTTP

extension StoreError {
    /// A refusal of Pinecone as a `StoreError`: the one place where they are translated.
    ///
    /// The control plane says `{"error":{"code":"NOT_FOUND","message":"…"},"status":404}`, the data plane
    /// `{"code":3,"message":"…","details":[]}`; a wrong key may be answered in plain text.
    static func pinecone(
        _ reply: HTTPReply, _ configuration: HTTPConfiguration, isWrite: Bool, resource: String?, now: Timestamp
    ) -> StoreError {
        let failure = HTTPFailure(reply, secrets: configuration.secrets, now: now)
        var code: Code?
        var message: String?
        var remedy: String?
        switch reply.status {
        case 402:
            message = "Pinecone asks for payment"
            remedy = "look at the project's plan"
        case 403 where failure.kind == "FORBIDDEN" || failure.kind == "QUOTA_EXCEEDED":
            message = "the Pinecone project may not do this, or has reached a quota"
            remedy = "look at the project's limits, and at what the key of PINECONE_API_KEY may do"
        case 409: code = .alreadyExists
        case 412:
            message = "Pinecone protects the index from deletion"
            remedy = "disable the index's deletion protection first"
        case 400 where failure.text.contains("dimension"):
            message = "the collection holds vectors of another length"
            remedy = "open the collection with its own dimensions; schema mode verify says which"
        case 400 where failure.text.contains("exceeds the maximum"), 413: code = .tooLarge
        default: break
        }
        return failure.storeError(
            configuration, isWrite: isWrite, code: code, message: message, remedy: remedy, resource: resource)
    }
}
#endif
