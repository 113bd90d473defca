#if HTTP
public import StoresCore
import StoresHTTP

extension PineconeConfiguration {
    /// Reads the settings:
    ///
    /// | variable | default | meaning |
    /// |---|---|---|
    /// | `PINECONE_API_KEY` | | the key; required |
    /// | `PINECONE_HOST` | `https://api.pinecone.io` | the control plane |
    /// | `PINECONE_CLOUD` | `aws` | the cloud of new indexes |
    /// | `PINECONE_REGION` | `us-east-1` | their region |
    /// | `PINECONE_CA_FILE` | | certificate authorities that are trusted beside the system's |
    ///
    /// - Throws: `invalidArgument` for a URL that is none, and without a key.
    public init(_ settings: Settings) throws(StoreError) {
        guard let key = settings.string("PINECONE_API_KEY"), !key.isEmpty else {
            throw StoreError(
                .invalidArgument, "PINECONE_API_KEY is not set",
                remedy: "set PINECONE_API_KEY to a key of your Pinecone project", applied: .no, phase: .configuration)
        }
        self.init(
            endpoint: try HTTPEndpoint(
                settings.string("PINECONE_HOST") ?? "https://api.pinecone.io", variable: "PINECONE_HOST"),
            apiKey: key, cloud: settings.string("PINECONE_CLOUD") ?? "aws",
            region: settings.string("PINECONE_REGION") ?? "us-east-1",
            certificateAuthorities: settings.string("PINECONE_CA_FILE"))
    }

    /// The descriptions of what ``init(_:)`` reads (R3).
    static let settings: [SettingDescription] = [
        SettingDescription(
            "PINECONE_API_KEY", .string, isRequired: true, isSecret: true, summary: "The key of the project."),
        SettingDescription(
            "PINECONE_HOST", .url, default: "https://api.pinecone.io", example: "http://127.0.0.1:5080",
            summary: "The control plane; an index says itself where its data are."),
        SettingDescription(
            "PINECONE_CLOUD", .string, default: "aws", example: "gcp", summary: "The cloud in which indexes are made."),
        SettingDescription(
            "PINECONE_REGION", .string, default: "us-east-1", example: "europe-west4",
            summary: "The region in which indexes are made."),
        SettingDescription(
            "PINECONE_CA_FILE", .path, example: "/etc/ssl/company.pem",
            summary: "PEM file of certificate authorities that are trusted beside the system's."),
    ]
}
#endif
