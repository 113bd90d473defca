/// How a service is reached.
public struct HTTPConfiguration: Sendable {
    public var endpoint: HTTPEndpoint
    /// What the service is called in errors, for example `Chroma`.
    public var system: String
    /// Sent with every request.
    public var headers: [(name: String, value: String)]
    /// Header values that no error may show, the server's own text included.
    public var secrets: [String]
    /// The variable that holds the key, for the remedy of a refused one.
    public var keyVariable: String?
    /// A PEM file of certificate authorities that are trusted beside the system's.
    public var certificateAuthorities: String?
    public var connectTimeout: Duration
    /// A request with a longer body is refused before it is sent.
    public var maxRequestBytes: Int
    /// A reply with a longer body, compressed or not, is cut off.
    public var maxReplyBytes: Int
    /// Connections to the server at the same time, as long as it does not speak HTTP/2.
    public var maxConnections: Int

    public init(
        endpoint: HTTPEndpoint, system: String, headers: [(name: String, value: String)] = [], secrets: [String] = [],
        keyVariable: String? = nil, certificateAuthorities: String? = nil, connectTimeout: Duration = .seconds(5),
        maxRequestBytes: Int = 1 << 30, maxReplyBytes: Int = 256 << 20, maxConnections: Int = 16
    ) {
        self.endpoint = endpoint
        self.system = system
        self.headers = headers
        self.secrets = secrets.filter { !$0.isEmpty }
        self.keyVariable = keyVariable
        self.certificateAuthorities = certificateAuthorities
        self.connectTimeout = connectTimeout
        self.maxRequestBytes = maxRequestBytes
        self.maxReplyBytes = maxReplyBytes
        self.maxConnections = maxConnections
    }
}

/// Without the key, also in a debugger and under `dump`.
extension HTTPConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(system) at \(endpoint.text)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
