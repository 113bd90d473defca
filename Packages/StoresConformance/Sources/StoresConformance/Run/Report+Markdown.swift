import StoresCore

extension Report {
    /// For the documentation: for each tier its capabilities as a checklist, its limits, and a table of the rules.
    public var markdown: String {
        subjects.map(section).joined(separator: "\n\n") + "\n"
    }

    private func section(_ subject: Subject) -> String {
        let tier = subject.tier
        var lines = [
            "### \(tier.rawValue.prefix(1).uppercased() + tier.rawValue.dropFirst()) (\(subject.adapter))", "",
        ]
        for capability in Capability.all(of: tier) {
            lines.append("- [\(subject.capabilities.contains(capability) ? "x" : " ")] `\(capability.name)`")
        }
        let limits = Limit.allCases.compactMap { limit in
            subject.capabilities.limits[limit].map { "`\(limit.rawValue)` \($0) \(limit.unit)" }
        }
        if !limits.isEmpty { lines += ["", "Limits: " + limits.joined(separator: ", ") + "."] }
        lines += ["", "| rule | passed | failed | not declared | waived |", "|---|---|---|---|---|"]
        for rule in Conformance.rules(for: tier) {
            let results = results.filter { $0.tier == tier && $0.rule == rule }
            guard !results.isEmpty else { continue }
            let passed = results.count { $0.outcome == .passed }
            let failed = results.count(where: \.isFailure)
            let names = { (match: (ConformanceResult.Outcome) -> Bool) -> String in
                results.filter { match($0.outcome) }.map { "`\($0.id)`" }.joined(separator: ", ")
            }
            let missing = names { if case .notDeclared = $0 { true } else { false } }
            let waived = names { if case .waived = $0 { true } else { false } }
            lines.append("| \(rule) | \(passed) | \(failed) | \(missing) | \(waived) |")
        }
        return lines.joined(separator: "\n")
    }
}
