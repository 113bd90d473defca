#if HTTP
public import StoresHTTP

/// How the Chroma adapter reaches its server.
public struct ChromaConfiguration: Sendable {
    public var endpoint: HTTPEndpoint
    /// Sent as `x-chroma-token`; Chroma Cloud and proxies ask for it, the open server does not.
    public var token: String?
    public var tenant: String
    public var database: String
    /// A PEM file of certificate authorities that are trusted beside the system's.
    public var certificateAuthorities: String?
    /// A longer body is split: the server refuses more than 40 MiB.
    public var maxRequestBytes: Int

    public init(
        endpoint: HTTPEndpoint, token: String? = nil, tenant: String = "default_tenant",
        database: String = "default_database", certificateAuthorities: String? = nil, maxRequestBytes: Int = 32 << 20
    ) {
        self.endpoint = endpoint
        self.token = token
        self.tenant = tenant
        self.database = database
        self.certificateAuthorities = certificateAuthorities
        self.maxRequestBytes = maxRequestBytes
    }

    var http: HTTPConfiguration {
        HTTPConfiguration(
            endpoint: endpoint, system: "Chroma", headers: token.map { [("x-chroma-token", $0)] } ?? [],
            secrets: token.map { [$0] } ?? [], keyVariable: "CHROMA_TOKEN",
            certificateAuthorities: certificateAuthorities)
    }
}
/// Without the key, also in a debugger and under `dump`.
extension ChromaConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Chroma at \(endpoint.text), tenant \(tenant), database \(database)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
#endif
