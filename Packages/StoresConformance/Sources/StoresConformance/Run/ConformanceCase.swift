public import StoresCore

/// One rule of the contracts, made to run: a sentence that can fail.
public struct ConformanceCase: Sendable, Identifiable {
    /// Unique among all tiers, for example `V4.lastWins`.
    public let id: String
    /// The rule that it proves, for example `V4`.
    public let rule: String
    public let tier: Tier
    /// The rule and a sentence: `V4 the same id twice in one call keeps the last`.
    public let title: String
    /// Runs only where all of these are declared.
    public let requires: [Capability]
    /// A negative case: runs only where none of these is declared, and proves what happens instead.
    public let excludes: [Capability]
    /// Whether it needs ``ConformanceSubject/reopen``.
    public let needsReopen: Bool
    let body: @Sendable (Bench) async throws -> Void

    init(
        _ id: String, _ tier: Tier, _ sentence: String, requires: [Capability] = [], excludes: [Capability] = [],
        needsReopen: Bool = false, _ body: @escaping @Sendable (Bench) async throws -> Void
    ) {
        self.id = id
        rule = String(id.prefix { $0 != "." })
        self.tier = tier
        title = "\(rule) \(sentence)"
        self.requires = requires
        self.excludes = excludes
        self.needsReopen = needsReopen
        self.body = body
    }
}

extension ConformanceCase: CustomStringConvertible {
    public var description: String { "\(id): \(title)" }
}
