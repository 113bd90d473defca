#if HTTP
import StoresCore
import StoresHTTP

extension HTTPRefusal {
    /// What Weaviate's refusals mean: the one place where they are translated.
    ///
    /// Errors are `{"error":[{"message":"…"}]}`; 401 may have no body, 429 is `{"errorCode":"…","message":"…"}`.
    static func weaviate(_ failure: HTTPFailure) -> HTTPRefusal? {
        if failure.status == 429, failure.kind == "USAGE_LIMIT_EXCEEDED" {
            return HTTPRefusal(
                .rateLimited, "a usage limit of the server is reached, and nothing was written",
                "delete what is not needed, or raise the limit", isRetryable: false)
        }
        return failure.status < 500 ? HTTPRefusal(weaviate: failure.text) : nil
    }
}

extension StoreError {
    /// An error inside of a reply with status 200: of a GraphQL query, or of one object of a batch.
    ///
    /// - Parameter applied: For an object that was not written.
    static func weaviate(
        messages: [String], _ configuration: HTTPConfiguration, applied: Applied?, resource: String?
    ) -> StoreError {
        var text = messages.joined(separator: "; ")
        for secret in configuration.secrets { text = text.replacing(secret, with: "***") }
        let known = HTTPRefusal(weaviate: text)
        return StoreError(
            known?.code ?? .internal, known?.message ?? "Weaviate refused it inside of a reply with status 200",
            remedy: known?.remedy, resource: resource, applied: applied,
            isRetryable: known?.isRetryable,
            underlying: HTTPFailure(status: 200, text: String(text.prefix(1000))))
    }
}

extension HTTPRefusal {
    /// What a text is known to mean; Weaviate has no codes.
    ///
    /// The texts are those of 1.33 to 1.40: `entities/errors`, `adapters/repos/db`, graphql-go's validation.
    fileprivate init?(weaviate text: String) {
        func says(_ words: String...) -> Bool { words.contains { text.localizedContains($0) } }
        if says("already exists") {
            self.init(.alreadyExists, "the collection is there already")
        } else if says("Cannot query field", "no graphql provider present", "could not find class") {
            self.init(.notFound, "there is no such collection", "ensure it with schema mode create")
        } else if says("vector lengths don't match", "has a vector with length", "inconsistent vector length") {
            self.init(
                .invalidArgument, "the collection holds vectors of another length",
                "open the collection with its own dimensions; schema mode verify says which")
        } else if says("maximum results") {
            self.init(
                .tooLarge, "the server does not give so many results",
                "ask for fewer, or raise its QUERY_MAXIMUM_RESULTS")
        } else if says("graphql api is disabled", "graphql api is not supported") {
            self.init(.unsupported, "the server's GraphQL is switched off", "switch it on: DISABLE_GRAPHQL=false")
        } else if says("authorization, forbidden action", "forbidden:") {
            self.init(.permissionDenied, "the key may not do this", "set WEAVIATE_API_KEY to a key that may")
        } else if says("read-only", "readonly") {
            self.init(
                .unavailable, "the server writes no more: it is read-only", "look at its disk and memory",
                isRetryable: false)
        } else if says("memory pressure", "not enough memory") {
            self.init(.unavailable, "the server has too little memory at present")
        } else if says("deadline exceeded", "timed out") {
            self.init(.timeout, "the server ran out of time")
        } else {
            return nil
        }
    }
}

extension String {
    fileprivate func localizedContains(_ words: String) -> Bool { lowercased().contains(words.lowercased()) }
}
#endif
