#if HTTP
import StoresHTTP

/// How the Qdrant adapter reaches its server. It reads
///
/// | variable | default | meaning |
/// |---|---|---|
/// | `QDRANT_URL` | `http://127.0.0.1:6333` | the server's REST port |
/// | `QDRANT_API_KEY` | | the key, sent as `api-key` |
/// | `QDRANT_CA_FILE` | | certificate authorities that are trusted beside the system's |
enum QdrantConfiguration {
    static let system = RESTSystem(
        "Qdrant", prefix: "QDRANT", defaultURL: "http://127.0.0.1:6333",
        exampleURL: "https://abc.eu.cloud.qdrant.io:6333", header: { ("api-key", $0) })

    /// A longer body is split: the server refuses more than its `service.max_request_size_mb`, 32 by default.
    static let maxRequestBytes = 30 << 20
}
#endif
