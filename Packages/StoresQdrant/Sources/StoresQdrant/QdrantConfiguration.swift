#if HTTP
public import StoresHTTP

/// How the Qdrant adapter reaches its server.
public struct QdrantConfiguration: Sendable {
    public var endpoint: HTTPEndpoint
    /// Sent as `api-key`.
    public var apiKey: String?
    /// A PEM file of certificate authorities that are trusted beside the system's.
    public var certificateAuthorities: String?
    /// A longer body is split: the server refuses more than its `service.max_request_size_mb`, 32 by default.
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
            endpoint: endpoint, system: "Qdrant", headers: apiKey.map { [("api-key", $0)] } ?? [],
            secrets: apiKey.map { [$0] } ?? [], keyVariable: "QDRANT_API_KEY",
            certificateAuthorities: certificateAuthorities)
    }
}
/// Without the key, also in a debugger and under `dump`.
extension QdrantConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Qdrant at \(endpoint.text)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
#endif
