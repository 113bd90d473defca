#if HTTP
import StoresCore
import StoresHTTP

extension HTTPRefusal {
    /// What Chroma's refusals mean: the one place where they are translated.
    ///
    /// Errors are `{"error":"<Kind>","message":"…"}`, or plain text from limits and from proxies.
    static func chroma(_ failure: HTTPFailure) -> HTTPRefusal? {
        switch failure.status {
        case 404 where failure.kind == "NotFoundError":
            HTTPRefusal(nil, "Chroma has no such collection, database or tenant")
        case 404:
            HTTPRefusal(
                nil, "Chroma does not know the path; the server may be none, or of another version",
                "let CHROMA_URL name a Chroma server of version 1")
        case 410, 501:
            HTTPRefusal(.unsupported, "this Chroma does not speak the v2 protocol in full", "use Chroma 1.x")
        case 409: HTTPRefusal(.alreadyExists)
        case 400 where failure.text.contains("expecting embedding with dimension"): .otherLength
        case 400 where failure.kind == "QuotaExceededError", 422 where failure.kind == "QuotaExceededError":
            HTTPRefusal(.rateLimited, "a quota of Chroma is used up", "raise the quota, or write less")
        default: nil
        }
    }
}
#endif
