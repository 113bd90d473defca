#if HTTP
public import StoresHTTP

/// How the Pinecone adapter reaches Pinecone.
public struct PineconeConfiguration: Sendable {
    /// The control plane; each index says itself where its own data plane is.
    public var endpoint: HTTPEndpoint
    /// Sent as `Api-Key`.
    public var apiKey: String
    /// Where new indexes are made: `aws`, `gcp` or `azure`, and a region of it.
    public var cloud: String
    public var region: String
    /// A PEM file of certificate authorities that are trusted beside the system's.
    public var certificateAuthorities: String?
    /// A longer body is split: Pinecone refuses an upsert of more than 2 MB.
    public var maxRequestBytes: Int

    /// The dated version of the protocol that every request names.
    static let apiVersion = "2025-10"

    public init(
        endpoint: HTTPEndpoint, apiKey: String, cloud: String = "aws", region: String = "us-east-1",
        certificateAuthorities: String? = nil, maxRequestBytes: Int = 2_000_000
    ) {
        self.endpoint = endpoint
        self.apiKey = apiKey
        self.cloud = cloud
        self.region = region
        self.certificateAuthorities = certificateAuthorities
        self.maxRequestBytes = maxRequestBytes
    }

    /// Of the control plane, or of an index.
    func http(_ endpoint: HTTPEndpoint) -> HTTPConfiguration {
        HTTPConfiguration(
            endpoint: endpoint, system: "Pinecone",
            headers: [("Api-Key", apiKey), ("X-Pinecone-Api-Version", Self.apiVersion)], secrets: [apiKey],
            keyVariable: "PINECONE_API_KEY", certificateAuthorities: certificateAuthorities)
    }
}
/// Without the key, also in a debugger and under `dump`.
extension PineconeConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Pinecone at \(endpoint.text), new indexes in \(cloud) \(region)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
#endif
