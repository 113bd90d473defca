/// The settings of one adapter as they were found: validated against their descriptions, defaults filled in.
public struct Settings: Sendable {
    private let values: [String: String]
    private let explicit: Set<String>

    /// - Parameters:
    ///   - descriptions: The settings that the adapter knows.
    ///   - lookup: The raw value of a description, or nil when it is unset. An empty value counts as unset.
    /// - Throws: `invalidArgument` that names every missing or malformed variable; secrets are not shown.
    public init(
        _ descriptions: [SettingDescription], lookup: (SettingDescription) -> String?
    ) throws(StoreError) {
        var values: [String: String] = [:]
        var explicit: Set<String> = []
        var problems: [String] = []
        for setting in descriptions {
            if let value = lookup(setting), !value.isEmpty {
                if let problem = Settings.problem(value, setting) {
                    let shown = setting.isSecret ? Redaction.mask : Redaction.secrets(in: Redaction.endpoint(value))
                    problems.append("\(setting.variable) \(problem); got \(Redaction.name(shown))")
                }
                values[setting.variable] = value
                explicit.insert(setting.variable)
            } else if let value = setting.defaultValue {
                values[setting.variable] = value
            } else if setting.isRequired {
                problems.append(
                    "\(setting.variable) is required" + (setting.example.map { ", for example \($0)" } ?? ""))
            }
        }
        guard problems.isEmpty else {
            throw StoreError(
                .invalidArgument, problems.joined(separator: "; "),
                remedy: "set it in the environment or in .env; stores adapters lists every setting",
                phase: .configuration)
        }
        self.values = values
        self.explicit = explicit
    }

    public func string(_ variable: String) -> String? { values[variable] }
    public func int(_ variable: String) -> Int? { values[variable].flatMap { Int($0) } }
    public func bool(_ variable: String) -> Bool? { values[variable].flatMap(Settings.parseBool) }
    public func duration(_ variable: String) -> Duration? { values[variable].flatMap(Settings.parseDuration) }
    public func bytes(_ variable: String) -> Int? { values[variable].flatMap(Settings.parseBytes) }
    /// Whether the variable was given, rather than defaulted.
    public func isExplicit(_ variable: String) -> Bool { explicit.contains(variable) }

    static func problem(_ value: String, _ setting: SettingDescription) -> String? {
        switch setting.kind {
        case .string, .path: nil
        case .int: Int(value) == nil ? "is a whole number" : nil
        case .bool: parseBool(value) == nil ? "is true or false" : nil
        case .duration: parseDuration(value) == nil ? "is a duration such as 500ms, 3s or 2m" : nil
        case .bytes: parseBytes(value) == nil ? "is a size such as 65536 or 64MiB" : nil
        case .url: value.contains("://") ? nil : "is a URL" + (setting.example.map { " such as \($0)" } ?? "")
        case .choice:
            setting.allowed.contains(value)
                ? nil
                : "is one of \(setting.allowed.joined(separator: ", "))\(Spelling.hint(value, among: setting.allowed))"
        }
    }

    static func parseBool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "1", "yes", "on": true
        case "false", "0", "no", "off": false
        default: nil
        }
    }

    static func parseDuration(_ text: String) -> Duration? {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Double(text.dropLast(unit?.0.count ?? 0)), number.isFinite, number >= 0 else { return nil }
        let seconds = number * (unit?.1 ?? 1)
        return seconds <= 1e9 ? .milliseconds(Int64((seconds * 1000).rounded())) : nil
    }

    static func parseBytes(_ text: String) -> Int? {
        let units: [(String, Int)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
        let unit = units.first { text.hasSuffix($0.0) }
        guard let number = Int(text.dropLast(unit?.0.count ?? 0)), number >= 0 else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1)
        return overflow ? nil : bytes
    }
}
