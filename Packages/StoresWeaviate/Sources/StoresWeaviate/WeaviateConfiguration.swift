#if HTTP
public import StoresHTTP

/// How the Weaviate adapter reaches its server.
public struct WeaviateConfiguration: Sendable {
    public var endpoint: HTTPEndpoint
    /// Sent as bearer token.
    public var apiKey: String?
    /// A PEM file of certificate authorities that are trusted beside the system's.
    public var certificateAuthorities: String?
    /// A longer body is split.
    public var maxRequestBytes: Int

    public init(
        endpoint: HTTPEndpoint, apiKey: String? = nil, certificateAuthorities: String? = nil,
        maxRequestBytes: Int = 30 << 20
    ) {
        self.endpoint = endpoint
        self.apiKey = apiKey
        self.certificateAuthorities = certificateAuthorities
        self.maxRequestBytes = maxRequestBytes
    }

    var http: HTTPConfiguration {
        HTTPConfiguration(
            endpoint: endpoint, system: "Weaviate", headers: apiKey.map { [("authorization", "Bearer \($0)")] } ?? [],
            secrets: apiKey.map { [$0] } ?? [], keyVariable: "WEAVIATE_API_KEY",
            certificateAuthorities: certificateAuthorities)
    }
}

/// Without the key, also in a debugger and under `dump`.
extension WeaviateConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Weaviate at \(endpoint.text)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
#endif
