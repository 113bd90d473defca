import StoresCore

/// The adapters' own descriptions, rendered.
struct AdapterCatalog {
    var adapters: [AdapterDescription]

    static func tiers(_ adapter: AdapterDescription) -> [(Tier, TierCapabilities)] {
        Tier.allCases.compactMap { tier in adapter.tiers[tier].map { (tier, $0) } }
    }

    // MARK: JSON

    var jsonValue: Value {
        [
            "adapters": .array(adapters.map(value)),
            "settings": .array(Self.common.map(Self.value)),
        ]
    }

    /// The variables that select and configure every tier.
    static var common: [SettingDescription] {
        Tier.allCases.map { tier in
            SettingDescription(
                tier.variable, .string, default: tier == .telemetry ? nil : "memory",
                summary: "The adapter of the \(tier.rawValue) tier.")
        } + StoresOptions.settings
    }

    /// The tier's own capabilities, and the shared transactions of the backends that have them.
    static func all(of tier: Tier, _ serving: [TierCapabilities]) -> [Capability] {
        let shared = Capability.sharedTransactions(tier)
        return Capability.all(of: tier) + (serving.contains { $0.contains(shared) } ? [shared] : [])
    }

    private func value(_ adapter: AdapterDescription) -> Value {
        var tiers: [String: Value] = [:]
        for (tier, capabilities) in Self.tiers(adapter) {
            let features = Self.all(of: tier, [capabilities]).map { ($0.name, Value.bool(capabilities.contains($0))) }
            let limits = capabilities.limits.map { ($0.key.rawValue, Value.int(Int64($0.value))) }
            tiers[tier.rawValue] = [
                "capabilities": .object(Dictionary(features, uniquingKeysWith: { $1 })),
                "limits": .object(Dictionary(limits, uniquingKeysWith: { $1 })),
            ]
        }
        return .object(
            [
                "name": .string(adapter.name), "package": .string(adapter.package),
                "summary": .string(adapter.summary), "systemName": .string(adapter.systemName),
                "tiers": .object(tiers), "settings": .array(adapter.settings.map(Self.value)),
                "composeService": adapter.composeService.map(Value.string),
                "composeProfile": adapter.composeProfile.map(Value.string),
                "endpointVariable": adapter.endpointVariable.map(Value.string),
            ].compactMapValues { $0 })
    }

    private static func value(_ setting: SettingDescription) -> Value {
        .object(
            [
                "variable": .string(setting.variable), "kind": .string(setting.kind.rawValue),
                "default": setting.defaultValue.map(Value.string), "required": .bool(setting.isRequired),
                "secret": .bool(setting.isSecret), "example": setting.example.map(Value.string),
                "allowed": setting.allowed.isEmpty ? nil : .array(setting.allowed.map(Value.string)),
                "summary": .string(setting.summary),
            ].compactMapValues { $0 })
    }

    // MARK: Text

    func text(_ style: TextStyle) -> String {
        var text = ""
        for adapter in adapters {
            text += "\(style.bold(adapter.name))  \(adapter.summary)  \(style.dim(adapter.package))\n"
            for (tier, capabilities) in Self.tiers(adapter) {
                text += "  \(style.cyan(tier.rawValue))\n"
                let all = Self.all(of: tier, [capabilities])
                let has = all.filter(capabilities.contains).map(\.name)
                let lacks = all.filter { !capabilities.contains($0) }.map(\.name)
                if !has.isEmpty { text += "    \(style.green("has")) \(has.joined(separator: ", "))\n" }
                if !lacks.isEmpty { text += "    \(style.yellow("not")) \(lacks.joined(separator: ", "))\n" }
                let limits = Self.limits(capabilities)
                if !limits.isEmpty { text += "    limits \(limits.joined(separator: ", "))\n" }
            }
            for setting in adapter.settings {
                text += "  \(setting.variable)  \(Self.traits(setting).joined(separator: ", "))\n"
                text += style.dim("      \(setting.summary)") + "\n"
            }
        }
        return text
    }

    static func limits(_ capabilities: TierCapabilities) -> [String] {
        Limit.allCases.compactMap { limit in
            capabilities.limits[limit].map { "\(limit.rawValue) \($0) \(limit.unit)" }
        }
    }

    private static func traits(_ setting: SettingDescription) -> [String] {
        var traits = [setting.kind == .choice ? setting.allowed.joined(separator: "|") : setting.kind.rawValue]
        if let value = setting.defaultValue { traits.append("default \(value)") }
        if setting.isRequired { traits.append("required") }
        if setting.isSecret { traits.append("secret") }
        return traits
    }
}
