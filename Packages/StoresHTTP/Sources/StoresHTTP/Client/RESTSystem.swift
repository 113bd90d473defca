public import StoresCore

/// What tells one kind of REST server from another before its protocol begins: names, the key's header, the oldest
/// version.
///
/// A server of the variable prefix `QDRANT` is described by `QDRANT_URL`, `QDRANT_API_KEY` and `QDRANT_CA_FILE`.
public struct RESTSystem: Sendable {
    /// In errors: `Qdrant`.
    public let name: String
    /// `QDRANT`
    public let prefix: String
    /// `QDRANT_API_KEY`
    public let keyVariable: String
    public let defaultURL: String
    let exampleURL: String
    let exampleKey: String?
    let summaries: (url: String, key: String)
    let header: @Sendable (_ key: String) -> (name: String, value: String)

    /// - Parameters:
    ///   - keyName: What the key's variable has after the prefix and `_`.
    ///   - summaries: What the variables mean, for documentation.
    ///   - header: How the key is sent.
    public init(
        _ name: String, prefix: String, keyName: String = "API_KEY", defaultURL: String, exampleURL: String,
        exampleKey: String? = nil,
        summaries: (url: String, key: String) = ("The server's REST port.", "The key, where the server has one."),
        header: @escaping @Sendable (_ key: String) -> (name: String, value: String)
    ) {
        self.name = name
        self.prefix = prefix
        keyVariable = "\(prefix)_\(keyName)"
        self.defaultURL = defaultURL
        self.exampleURL = exampleURL
        self.exampleKey = exampleKey
        self.summaries = summaries
        self.header = header
    }

    private var urlVariable: String { "\(prefix)_URL" }
    private var authoritiesVariable: String { "\(prefix)_CA_FILE" }

    /// The descriptions of the variables (R3).
    public var settings: [SettingDescription] {
        [
            SettingDescription(urlVariable, .url, default: defaultURL, example: exampleURL, summary: summaries.url),
            SettingDescription(keyVariable, .string, isSecret: true, example: exampleKey, summary: summaries.key),
            SettingDescription(
                authoritiesVariable, .path, example: "/etc/ssl/company.pem",
                summary: "PEM file of certificate authorities that are trusted beside the system's."),
        ]
    }

    /// Reads the variables.
    ///
    /// - Throws: `invalidArgument` for a URL that is none.
    public func configuration(_ settings: Settings) throws(StoreError) -> HTTPConfiguration {
        configuration(
            try HTTPEndpoint(settings.string(urlVariable) ?? defaultURL, variable: urlVariable),
            key: settings.string(keyVariable), certificateAuthorities: settings.string(authoritiesVariable))
    }

    public func configuration(
        _ endpoint: HTTPEndpoint, key: String? = nil, certificateAuthorities: String? = nil
    ) -> HTTPConfiguration {
        HTTPConfiguration(
            endpoint: endpoint, system: name, headers: key.map { [header($0)] } ?? [],
            secrets: key.map { [$0] } ?? [], keyVariable: keyVariable,
            certificateAuthorities: certificateAuthorities)
    }
}
