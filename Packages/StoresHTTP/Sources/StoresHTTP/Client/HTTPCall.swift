/// One request.
public struct HTTPCall: Sendable {
    public enum Method: String, Sendable, Hashable {
        case get = "GET"
        case put = "PUT"
        case post = "POST"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method
    /// Segments, unescaped.
    public var path: [String]
    public var query: [(name: String, value: String)]
    /// JSON, or nil for none.
    public var body: [UInt8]?
    /// Whether the server's state may change: what an error says of `applied`.
    public var isWrite: Bool

    public init(
        _ method: Method, _ path: [String], query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        isWrite: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.isWrite = isWrite
    }
}

/// What came back.
public struct HTTPReply: Sendable {
    public var status: Int
    /// Names in lower case; of equal names the first.
    public var headers: [String: String]
    public var body: [UInt8]

    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    public var isSuccess: Bool { (200..<300).contains(status) }
}
