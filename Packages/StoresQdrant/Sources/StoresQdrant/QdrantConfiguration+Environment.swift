#if HTTP
public import StoresCore
import StoresHTTP

extension QdrantConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `QDRANT_URL` | `http://127.0.0.1:6333` | the server's REST port |
    /// | `QDRANT_API_KEY` | | the key |
    /// | `QDRANT_CA_FILE` | | certificate authorities that are trusted beside the system's |
    ///
    /// - Throws: `invalidArgument` for a URL that is none.
    public init(_ settings: Settings) throws(StoreError) {
        self.init(
            endpoint: try HTTPEndpoint(
                settings.string("QDRANT_URL") ?? "http://127.0.0.1:6333", variable: "QDRANT_URL"),
            apiKey: settings.string("QDRANT_API_KEY"), certificateAuthorities: settings.string("QDRANT_CA_FILE"))
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "QDRANT_URL", .url, default: "http://127.0.0.1:6333", example: "https://abc.eu.cloud.qdrant.io:6333",
            summary: "The server's REST port."),
        SettingDescription("QDRANT_API_KEY", .string, isSecret: true, summary: "The key, where the server has one."),
        SettingDescription(
            "QDRANT_CA_FILE", .path, example: "/etc/ssl/company.pem",
            summary: "PEM file of certificate authorities that are trusted beside the system's."),
    ]
}
#endif
