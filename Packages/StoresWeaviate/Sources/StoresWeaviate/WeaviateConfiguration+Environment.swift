#if HTTP
public import StoresCore
import StoresHTTP

extension WeaviateConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `WEAVIATE_URL` | `http://127.0.0.1:8080` | the server's REST port |
    /// | `WEAVIATE_API_KEY` | | the key |
    /// | `WEAVIATE_CA_FILE` | | certificate authorities that are trusted beside the system's |
    ///
    /// - Throws: `invalidArgument` for a URL that is none.
    public init(_ settings: Settings) throws(StoreError) {
        self.init(
            endpoint: try HTTPEndpoint(
                settings.string("WEAVIATE_URL") ?? "http://127.0.0.1:8080", variable: "WEAVIATE_URL"),
            apiKey: settings.string("WEAVIATE_API_KEY"), certificateAuthorities: settings.string("WEAVIATE_CA_FILE"))
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "WEAVIATE_URL", .url, default: "http://127.0.0.1:8080", example: "https://abc.weaviate.network",
            summary: "The server's REST port."),
        SettingDescription("WEAVIATE_API_KEY", .string, isSecret: true, summary: "The key, where the server has one."),
        SettingDescription(
            "WEAVIATE_CA_FILE", .path, example: "/etc/ssl/company.pem",
            summary: "PEM file of certificate authorities that are trusted beside the system's."),
    ]
}
#endif
