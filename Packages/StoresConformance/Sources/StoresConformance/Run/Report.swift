public import StoresCore

/// What a run found. See ``text``, ``json`` and ``markdown``.
public struct Report: Sendable {
    /// A tier of the subject: who serves it, and what it says it can do.
    public struct Subject: Sendable {
        public let tier: Tier
        public let adapter: String
        public let capabilities: TierCapabilities
    }

    /// In the order of the tiers.
    public let subjects: [Subject]
    /// In the order of the cases.
    public let results: [ConformanceResult]
    /// What is wrong with the run as a whole: an unknown waiver, a refusal that no negative case proved.
    public let problems: [String]

    init(subjects: [Subject], results: [ConformanceResult], problems: [String]) {
        self.subjects = subjects
        self.results = results
        self.problems = problems + Self.unproven(results)
    }

    /// Every case passed, is excused, or does not apply and its negative case ran.
    public var isPassing: Bool { problems.isEmpty && !results.contains(where: \.isFailure) }

    public var failures: [ConformanceResult] { results.filter(\.isFailure) }

    public func count(_ tier: Tier, where predicate: (ConformanceResult.Outcome) -> Bool) -> Int {
        results.count { $0.tier == tier && predicate($0.outcome) }
    }

    /// What is not declared must be refused, and a case must have seen it: the completeness gate.
    private static func unproven(_ results: [ConformanceResult]) -> [String] {
        var proven: Set<Capability> = []
        var missing: [Capability] = []
        for result in results {
            switch result.outcome {
            case .passed, .waived: proven.formUnion(result.excludes)
            case .notDeclared(let capabilities):
                // A negative case that needs another capability leaves its own question to that one's negative case.
                if !result.excludes.isEmpty { proven.formUnion(result.excludes) }
                for capability in capabilities where !missing.contains(capability) { missing.append(capability) }
            default: break
            }
        }
        return missing.filter { !proven.contains($0) }
            .map { "\($0) is not declared, and no negative case ran and passed" }
    }
}
