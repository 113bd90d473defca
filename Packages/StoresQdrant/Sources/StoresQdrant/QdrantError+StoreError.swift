#if HTTP
import StoresCore
import StoresHTTP

extension StoreError {
    /// A refusal of Qdrant as a `StoreError`: the one place where they are translated.
    ///
    /// Errors are `{"status":{"error":"…"},"time":…}`, and plain text for 401, 403 and bodies that are too long.
    static func qdrant(
        _ reply: HTTPReply, _ configuration: HTTPConfiguration, isWrite: Bool, resource: String?, now: Timestamp
    ) -> StoreError {
        let failure = HTTPFailure(reply, secrets: configuration.secrets, now: now)
        var code: Code?
        var message: String?
        var remedy: String?
        switch reply.status {
        case 404 where failure.text.contains("doesn't exist"):
            message = "Qdrant has no such collection"
            remedy = "ensure it with schema mode create"
        case 404:
            message = "Qdrant does not know the path; the server may be none, or too old"
            remedy = "let QDRANT_URL name the REST port of Qdrant 1.16 or later"
        case 409: code = .alreadyExists
        case 400 where failure.text.contains("Vector dimension error"):
            message = "the collection holds vectors of another length"
            remedy = "open the collection with its own dimensions; schema mode verify says which"
        case 400 where failure.text.contains("Index required"), 403 where failure.text.contains("Index required"):
            code = .unsupported
            message = "Qdrant's strict mode wants an index for a field of the filter"
            remedy = "declare the field when the collection is made, or relax strict mode"
        case 403 where failure.text.lowercased().contains("strict mode"): code = .unsupported
        default: break
        }
        return failure.storeError(
            configuration, isWrite: isWrite, code: code, message: message, remedy: remedy, resource: resource)
    }
}
#endif
