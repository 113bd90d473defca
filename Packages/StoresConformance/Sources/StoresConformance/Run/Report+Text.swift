import StoresCore

extension ConformanceResult.Outcome {
    /// `passed`, `failed`, `not declared`, `declared`, `waived`, `not run`.
    public var word: String {
        switch self {
        case .passed: "passed"
        case .failed: "failed"
        case .notDeclared: "not declared"
        case .declared: "declared"
        case .waived: "waived"
        case .notRun: "not run"
        }
    }

    /// Why, in one line; nil for what passed.
    public var detail: String? {
        switch self {
        case .passed: nil
        case .failed(let text), .waived(let text), .notRun(let text): text
        case .notDeclared(let capabilities), .declared(let capabilities):
            capabilities.map(\.description).joined(separator: ", ")
        }
    }

    var didRun: Bool {
        switch self {
        case .passed, .failed: true
        case .notDeclared, .declared, .waived, .notRun: false
        }
    }
}

extension Report: CustomStringConvertible {
    public var description: String { text }

    /// For a terminal: a line for each tier, then what failed and what was waived.
    public var text: String {
        var lines: [String] = []
        for subject in subjects {
            let tier = subject.tier
            let failed = results.count { $0.tier == tier && $0.isFailure }
            let passed = count(tier) { $0 == .passed }
            let waived = count(tier) { if case .waived = $0 { true } else { false } }
            let skipped = count(tier) { if case .notDeclared = $0 { true } else { false } }
            lines.append(
                "\(tier.rawValue) (\(subject.adapter)): \(passed) passed, \(failed) failed, \(skipped) not declared"
                    + (waived > 0 ? ", \(waived) waived" : ""))
        }
        for result in results {
            switch result.outcome {
            case .failed(let message), .notRun(let message):
                lines.append("  \(result.outcome.word) \(result.id) — \(result.title)\n    \(message)")
            case .waived(let reason): lines.append("  waived \(result.id): \(reason)")
            default: break
            }
        }
        lines += problems.map { "  problem: \($0)" }
        return lines.joined(separator: "\n")
    }

    /// For machines: `passing`, `tiers`, `cases`, `problems`.
    public var json: String {
        let tiers = subjects.map { subject -> Value in
            .object([
                "tier": .string(subject.tier.rawValue), "adapter": .string(subject.adapter),
                "capabilities": .array(
                    Capability.all(of: subject.tier).filter(subject.capabilities.contains).map { .string($0.name) }),
                "limits": .object(
                    Dictionary(
                        uniqueKeysWithValues: subject.capabilities.limits.map {
                            ($0.key.rawValue, .int(Int64($0.value)))
                        })),
            ])
        }
        let cases = results.map { result -> Value in
            var fields: [String: Value] = [
                "id": .string(result.id), "rule": .string(result.rule), "tier": .string(result.tier.rawValue),
                "title": .string(result.title), "outcome": .string(result.outcome.word),
                "milliseconds": .int(result.duration.wholeMilliseconds),
            ]
            fields["detail"] = result.outcome.detail.map(Value.string)
            return .object(fields)
        }
        return Value.object([
            "passing": .bool(isPassing), "tiers": .array(tiers), "cases": .array(cases),
            "problems": .array(problems.map(Value.string)),
        ]).json
    }
}
