#if HTTP
import StoresCore
import StoresHTTP

extension HTTPRefusal {
    /// What Qdrant's refusals mean: the one place where they are translated.
    ///
    /// Errors are `{"status":{"error":"…"},"time":…}`, and plain text for 401, 403 and bodies that are too long.
    static func qdrant(_ failure: HTTPFailure) -> HTTPRefusal? {
        switch failure.status {
        case 404 where failure.text.contains("doesn't exist"):
            HTTPRefusal(nil, "Qdrant has no such collection", "ensure it with schema mode create")
        case 404:
            HTTPRefusal(
                nil, "Qdrant does not know the path; the server may be none, or too old",
                "let QDRANT_URL name the REST port of Qdrant 1.16 or later")
        case 409: HTTPRefusal(.alreadyExists)
        case 400 where failure.text.contains("Vector dimension error"): .otherLength
        case 400 where failure.text.contains("Index required"), 403 where failure.text.contains("Index required"):
            HTTPRefusal(
                .unsupported, "Qdrant's strict mode wants an index for a field of the filter",
                "declare the field when the collection is made, or relax strict mode")
        case 403 where failure.text.lowercased().contains("strict mode"): HTTPRefusal(.unsupported)
        default: nil
        }
    }
}
#endif
