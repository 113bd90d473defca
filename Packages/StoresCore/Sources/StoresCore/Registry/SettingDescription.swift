/// One variable that an adapter reads. Documentation, validation, redaction and `docker/env.example` come from it (R3).
public struct SettingDescription: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case string, int, bool
        /// A number of seconds, or a number with `ms`, `s`, `m`, `h`.
        case duration
        /// A number of bytes, or a number with `KiB`, `MiB`, `GiB`.
        case bytes
        case url, path
        /// One of `allowed`.
        case choice
    }

    /// For example `SQLITE_PATH`.
    public var variable: String
    public var kind: Kind
    /// What holds when the variable is unset; nil when there is no default.
    public var defaultValue: String?
    public var isRequired: Bool
    /// Never shown.
    public var isSecret: Bool
    public var example: String?
    /// For `.choice`.
    public var allowed: [String]
    /// One sentence.
    public var summary: String

    public init(
        _ variable: String, _ kind: Kind, default defaultValue: String? = nil, isRequired: Bool = false,
        isSecret: Bool = false, example: String? = nil, allowed: [String] = [], summary: String
    ) {
        self.variable = variable
        self.kind = kind
        self.defaultValue = defaultValue
        self.isRequired = isRequired
        self.isSecret = isSecret
        self.example = example
        self.allowed = allowed
        self.summary = summary
    }

    /// The swift-configuration key of the variable: `SQLITE_PATH` is `sqlite.path`.
    public var key: String { variable.lowercased().replacing("_", with: ".") }
}
