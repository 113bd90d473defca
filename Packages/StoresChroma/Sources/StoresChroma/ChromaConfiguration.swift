#if HTTP
import StoresCore
import StoresHTTP

/// How the Chroma adapter reaches its database. It reads
///
/// | variable | default | meaning |
/// |---|---|---|
/// | `CHROMA_URL` | `http://127.0.0.1:8000` | the server |
/// | `CHROMA_TOKEN` | | the key, sent as `x-chroma-token`: Chroma Cloud and proxies ask for it, the open server does \
/// not |
/// | `CHROMA_TENANT` | `default_tenant` | Chroma's tenant |
/// | `CHROMA_DATABASE` | `default_database` | its database |
/// | `CHROMA_CA_FILE` | | certificate authorities that are trusted beside the system's |
struct ChromaConfiguration {
    static let system = RESTSystem(
        "Chroma", prefix: "CHROMA", keyName: "TOKEN", defaultURL: "http://127.0.0.1:8000",
        exampleURL: "https://chroma.example.com", exampleKey: "ck-…",
        summaries: ("The server.", "The key, sent as x-chroma-token; the open server asks for none."),
        header: { ("x-chroma-token", $0) })

    /// A longer body is split: the server refuses more than 40 MiB.
    static let maxRequestBytes = 32 << 20

    let http: HTTPConfiguration
    let tenant: String
    let database: String

    /// - Throws: `invalidArgument` for a URL that is none.
    init(_ settings: Settings) throws(StoreError) {
        http = try Self.system.configuration(settings)
        tenant = settings.string("CHROMA_TENANT") ?? "default_tenant"
        database = settings.string("CHROMA_DATABASE") ?? "default_database"
    }

    /// The descriptions of what ``init(_:)`` reads (R3), the certificate authorities last.
    static let settings: [SettingDescription] =
        Array(system.settings.dropLast()) + [
            SettingDescription(
                "CHROMA_TENANT", .string, default: "default_tenant", example: "acme", summary: "Chroma's tenant."),
            SettingDescription(
                "CHROMA_DATABASE", .string, default: "default_database", example: "docs",
                summary: "The tenant's database."),
        ] + system.settings.suffix(1)
}
#endif
