public import StoresCore

/// A reply that says no: its status, and what the server wrote. The native error beneath a `StoreError`.
public struct HTTPFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public var status: Int
    /// The server's own name for the kind of error, if it gave one: `NotFoundError`.
    public var kind: String?
    /// The server's text, without secrets, at most 1,000 characters. It may show content of a record.
    public var text: String
    public var retryAfter: Duration?

    public init(status: Int, kind: String? = nil, text: String, retryAfter: Duration? = nil) {
        self.status = status
        self.kind = kind
        self.text = text
        self.retryAfter = retryAfter
    }

    /// Understands what servers and the proxies before them send: JSON of several shapes, text, HTML, nothing.
    public init(_ reply: HTTPReply, secrets: [String] = [], now: Timestamp) {
        var found = Self.json(reply.body) ?? (nil, Self.plain(reply.body))
        for secret in secrets { found.text = found.text.replacing(secret, with: "***") }
        self.init(
            status: reply.status, kind: found.kind, text: String(found.text.prefix(1000)),
            retryAfter: reply.headers["retry-after"].flatMap { RetryAfter.parse($0, now: now) })
    }

    public var description: String {
        "HTTP status \(status)" + (kind.map { " \($0)" } ?? "") + (text.isEmpty ? "" : ": \(text)")
    }

    /// The kind and text of a JSON error, wherever it keeps them: `{"error":"Kind","message":"…"}`,
    /// `{"status":{"error":"…"}}`, `{"error":{"code":"…","message":"…"}}`, `{"error":[{"message":"…"}]}`,
    /// `{"errors":[{"message":"…"}]}`, `{"detail":"…"}`, `{"errorCode":"…","message":"…"}`.
    static func json(_ body: [UInt8]) -> (kind: String?, text: String)? {
        guard body.count <= 1 << 20, let value = try? JSONReader.value(from: body), case .object(let fields) = value
        else { return nil }
        let message = text(fields["message"]) ?? text(fields["detail"])
        switch fields["error"] ?? fields["errors"] ?? status(fields["status"]) {
        case .string(let kind): return message.map { (kind, $0) } ?? (nil, kind)
        case .object(let error):
            return (text(error["code"]) ?? text(error["type"]), text(error["message"]) ?? message ?? "")
        case .array(let errors):
            let texts = errors.compactMap { error -> String? in
                if case .object(let error) = error { return text(error["message"]) }
                return text(error)
            }
            return (nil, texts.joined(separator: "; "))
        default: return (text(fields["code"]) ?? text(fields["errorCode"]), message ?? "")
        }
    }

    private static func text(_ value: Value?) -> String? {
        switch value {
        case .string(let text): text
        case .int(let number): "\(number)"
        case nil, .null: nil
        case let other?: other.json
        }
    }

    /// Qdrant's `{"status":{"error":"…"}}`; its status is the word `ok` otherwise.
    private static func status(_ value: Value?) -> Value? {
        if case .object(let fields) = value { return fields["error"] }
        return nil
    }

    /// The words of a text or a page of HTML.
    private static func plain(_ body: [UInt8]) -> String {
        var text = String(decoding: body.prefix(16 << 10), as: UTF8.self)
        if text.contains("<") {
            text.replace(/(?is)<(script|style)\b.*?<\/\1>/, with: " ")
            text.replace(/<[^>]*>/, with: " ")
        }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension HTTPFailure {
    /// The error that a caller gets. The server's text stays in `underlying`, since it may quote a record.
    ///
    /// - Parameters:
    ///   - code: Where the adapter knows better than the status.
    ///   - message: What failed, in the adapter's words; the status and the server's name for it are added.
    ///   - remedy: What to do next.
    ///   - isRetryable: Where the adapter knows better than the code.
    public func storeError(
        _ configuration: HTTPConfiguration, isWrite: Bool, code: StoreError.Code? = nil, message: String? = nil,
        remedy: String? = nil, resource: String? = nil, isRetryable: Bool? = nil
    ) -> StoreError {
        let code = code ?? self.code
        let what = message ?? "\(configuration.system) refused the request"
        // What a client did wrong was not applied; what the server failed at may have been.
        let isServerSide = status >= 500 || status == 408
        return StoreError(
            code, "\(what) (status \(status)\(kind.map { ", \(Self.word($0))" } ?? ""))",
            remedy: remedy ?? self.remedy(configuration), resource: resource,
            applied: isWrite ? (isServerSide ? .unknown : .no) : nil, retryAfter: retryAfter,
            isRetryable: isRetryable ?? (status == 507 || status == 500 ? false : nil), underlying: self)
    }

    /// A server's name for an error, if it is one: no sentence, which might quote content.
    private static func word(_ kind: String) -> String {
        kind.utf8.count <= 64 && kind.utf8.allSatisfy { PlainName.isWordByte($0) } ? kind : "…"
    }

    var code: StoreError.Code {
        switch status {
        case 400, 406, 411, 414, 415, 422: .invalidArgument
        case 401: .unauthenticated
        case 402, 403, 407: .permissionDenied
        case 404, 410: .notFound
        case 405, 501: .unsupported
        case 408, 504: .timeout
        case 409: .conflict
        case 412: .preconditionFailed
        case 413, 431: .tooLarge
        case 429: .rateLimited
        case 502, 503, 507: .unavailable
        default: .internal
        }
    }

    private func remedy(_ configuration: HTTPConfiguration) -> String? {
        switch code {
        case .unauthenticated, .permissionDenied:
            configuration.keyVariable.map { "set \($0) to a key that may do this" }
        case .tooLarge: "send less in one call"
        case .rateLimited: "call less often, or raise the limit of the server"
        case .unavailable: status == 507 ? "the server's storage is full: free some, or add to it" : nil
        default: nil
        }
    }
}
