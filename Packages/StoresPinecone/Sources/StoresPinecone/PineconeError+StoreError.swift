#if HTTP
import StoresCore
import StoresHTTP

extension HTTPRefusal {
    /// What Pinecone's refusals mean: the one place where they are translated.
    ///
    /// The control plane says `{"error":{"code":"NOT_FOUND","message":"…"},"status":404}`, the data plane
    /// `{"code":3,"message":"…","details":[]}`; a wrong key may be answered in plain text.
    static func pinecone(_ failure: HTTPFailure) -> HTTPRefusal? {
        switch failure.status {
        case 402: HTTPRefusal(nil, "Pinecone asks for payment", "look at the project's plan")
        case 403 where failure.kind == "FORBIDDEN" || failure.kind == "QUOTA_EXCEEDED":
            HTTPRefusal(
                nil, "the Pinecone project may not do this, or has reached a quota",
                "look at the project's limits, and at what the key of PINECONE_API_KEY may do")
        case 409: HTTPRefusal(.alreadyExists)
        case 412:
            HTTPRefusal(
                nil, "Pinecone protects the index from deletion", "disable the index's deletion protection first")
        case 400 where failure.text.contains("dimension"): .otherLength
        case 400 where failure.text.contains("exceeds the maximum"), 413: HTTPRefusal(.tooLarge)
        default: nil
        }
    }
}
#endif
