import StoresCore

extension AdapterCatalog {
    /// Which adapter serves which tier, a checklist of capabilities for each tier, limits, and the settings.
    var markdown: String {
        var text = "## Adapters\n\n"
        let tiers = Tier.allCases.filter { tier in adapters.contains { $0.tiers[tier] != nil } }
        text += Self.table(
            ["Adapter", "Package"] + tiers.map(\.rawValue) + [""],
            adapters.map { adapter in
                ["`\(adapter.name)`", adapter.package] + tiers.map { adapter.tiers[$0] == nil ? "" : "✓" }
                    + [adapter.summary]
            })
        text += "\n## Capabilities\n"
        for tier in tiers where !Capability.all(of: tier).isEmpty {
            let serving = adapters.filter { $0.tiers[tier] != nil }
            text += "\n### \(tier.rawValue)\n\n"
            text += Self.table(
                [""] + serving.map { "`\($0.name)`" },
                Self.all(of: tier, serving.compactMap { $0.tiers[tier] }).map { capability in
                    ["`\(capability.name)`"] + serving.map { $0.tiers[tier]?.contains(capability) == true ? "✓" : "–" }
                })
            let limits = serving.flatMap { adapter -> [[String]] in
                guard let capabilities = adapter.tiers[tier] else { return [] }
                return Self.limits(capabilities).map { ["`\(adapter.name)`", $0] }
            }
            if !limits.isEmpty { text += "\n" + Self.table(["Adapter", "Limit"], limits) }
        }
        text += "\n## Settings\n\n### All adapters\n\n" + Self.settings(Self.common)
        for adapter in adapters where !adapter.settings.isEmpty {
            text += "\n### \(adapter.name)\n\n" + Self.settings(adapter.settings)
        }
        return text
    }

    private static func settings(_ settings: [SettingDescription]) -> String {
        table(
            ["Variable", "Kind", "Default", "", "Example", "Meaning"],
            settings.map { setting in
                let kind = setting.kind == .choice ? setting.allowed.joined(separator: ", ") : setting.kind.rawValue
                let traits = [setting.isRequired ? "required" : nil, setting.isSecret ? "secret" : nil]
                return [
                    "`\(setting.variable)`", kind, code(setting.defaultValue),
                    traits.compactMap { $0 }.joined(separator: ", "), code(setting.example), setting.summary,
                ]
            })
    }

    private static func code(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "" }
        return "`\(text)`"
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String {
            "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
                + " |\n"
        }
        return line(header) + line(header.map { _ in "---" }) + rows.map(line).joined()
    }
}
