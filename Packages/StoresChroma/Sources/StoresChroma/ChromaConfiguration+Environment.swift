#if HTTP
public import StoresCore
import StoresHTTP

extension ChromaConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `CHROMA_URL` | `http://127.0.0.1:8000` | the server |
    /// | `CHROMA_TOKEN` | | the key, sent as `x-chroma-token` |
    /// | `CHROMA_TENANT` | `default_tenant` | Chroma's tenant |
    /// | `CHROMA_DATABASE` | `default_database` | its database |
    /// | `CHROMA_CA_FILE` | | certificate authorities that are trusted beside the system's |
    ///
    /// - Throws: `invalidArgument` for a URL that is none.
    public init(_ settings: Settings) throws(StoreError) {
        self.init(
            endpoint: try HTTPEndpoint(
                settings.string("CHROMA_URL") ?? "http://127.0.0.1:8000", variable: "CHROMA_URL"),
            token: settings.string("CHROMA_TOKEN"), tenant: settings.string("CHROMA_TENANT") ?? "default_tenant",
            database: settings.string("CHROMA_DATABASE") ?? "default_database",
            certificateAuthorities: settings.string("CHROMA_CA_FILE"))
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "CHROMA_URL", .url, default: "http://127.0.0.1:8000", example: "https://chroma.example.com",
            summary: "The server."),
        SettingDescription(
            "CHROMA_TOKEN", .string, isSecret: true, example: "ck-…",
            summary: "The key, sent as x-chroma-token; the open server asks for none."),
        SettingDescription(
            "CHROMA_TENANT", .string, default: "default_tenant", example: "acme", summary: "Chroma's tenant."),
        SettingDescription(
            "CHROMA_DATABASE", .string, default: "default_database", example: "docs",
            summary: "The tenant's database."),
        SettingDescription(
            "CHROMA_CA_FILE", .path, example: "/etc/ssl/company.pem",
            summary: "PEM file of certificate authorities that are trusted beside the system's."),
    ]
}
#endif
