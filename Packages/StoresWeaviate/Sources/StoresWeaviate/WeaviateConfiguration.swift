#if HTTP
import StoresHTTP

/// How the Weaviate adapter reaches its server. It reads
///
/// | variable | default | meaning |
/// |---|---|---|
/// | `WEAVIATE_URL` | `http://127.0.0.1:8080` | the server's REST port |
/// | `WEAVIATE_API_KEY` | | the key, sent as bearer token |
/// | `WEAVIATE_CA_FILE` | | certificate authorities that are trusted beside the system's |
enum WeaviateConfiguration {
    static let system = RESTSystem(
        "Weaviate", prefix: "WEAVIATE", defaultURL: "http://127.0.0.1:8080",
        exampleURL: "https://abc.weaviate.network", header: { ("authorization", "Bearer \($0)") })

    /// A longer body is split.
    static let maxRequestBytes = 30 << 20
}
#endif
