#if HTTP
import StoresCore
import StoresHTTP

extension StoreError {
    /// A refusal of Chroma as a `StoreError`: the one place where they are translated.
    ///
    /// Errors are `{"error":"<Kind>","message":"…"}`, or plain text from limits and from proxies.
    static func chroma(
        _ reply: HTTPReply, _ configuration: HTTPConfiguration, isWrite: Bool, resource: String?, now: Timestamp
    ) -> StoreError {
        let failure = HTTPFailure(reply, secrets: configuration.secrets, now: now)
        var code: Code?
        var message: String?
        var remedy: String?
        switch reply.status {
        case 404 where failure.kind == "NotFoundError": message = "Chroma has no such collection, database or tenant"
        case 404:
            message = "Chroma does not know the path; the server may be none, or of another version"
            remedy = "let CHROMA_URL name a Chroma server of version 1"
        case 410, 501:
            code = .unsupported
            message = "this Chroma does not speak the v2 protocol in full"
            remedy = "use Chroma 1.x"
        case 409: code = .alreadyExists
        case 400 where failure.text.contains("expecting embedding with dimension"):
            message = "the collection holds vectors of another length"
            remedy = "open the collection with its own dimensions; schema mode verify says which"
        case 400 where failure.kind == "QuotaExceededError", 422 where failure.kind == "QuotaExceededError":
            code = .rateLimited
            message = "a quota of Chroma is used up"
            remedy = "raise the quota, or write less"
        default: break
        }
        return failure.storeError(
            configuration, isWrite: isWrite, code: code, message: message, remedy: remedy, resource: resource)
    }
}
#endif
