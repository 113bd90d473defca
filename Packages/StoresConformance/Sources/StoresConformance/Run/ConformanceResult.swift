public import StoresCore

/// What became of one case.
public struct ConformanceResult: Sendable {
    public enum Outcome: Sendable, Hashable {
        case passed
        /// What was expected and what came.
        case failed(String)
        /// These are required and not declared; the negative cases prove the refusal.
        case notDeclared([Capability])
        /// A negative case of what is declared.
        case declared([Capability])
        /// Excused by the subject.
        case waived(String)
        /// Could not run for want of something that the subject did not bring; counts as a failure.
        case notRun(String)
    }

    public let id: String
    public let rule: String
    public let tier: Tier
    public let title: String
    public let excludes: [Capability]
    public let outcome: Outcome
    public let duration: Duration

    init(_ test: ConformanceCase, _ outcome: Outcome, _ duration: Duration = .zero) {
        id = test.id
        rule = test.rule
        tier = test.tier
        title = test.title
        excludes = test.excludes
        self.outcome = outcome
        self.duration = duration
    }

    public var isFailure: Bool {
        switch outcome {
        case .failed, .notRun: true
        case .passed, .notDeclared, .declared, .waived: false
        }
    }
}
